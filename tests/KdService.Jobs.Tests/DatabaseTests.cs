using System.Diagnostics;
using KdService.Core.Jobs;
using KdService.Jobs.Persistence;
using KdService.Jobs.Postgres;
using KdService.Jobs.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace KdService.Jobs.Tests;

public class DatabaseTests : JobsTest
{
    [Fact]
    public async Task Migration_ByManyNodesAtOnceAndAgain_HappensOnce()
    {
        var nodes = Enumerable.Range(0, 4).Select(_ => TestNode.Create(Database, Folder, null, ("Roles:0", "api"))).ToList();

        await Task.WhenAll(nodes.Select(node => node.Get<SchemaMigrator>().MigrateAsync(CancellationToken.None)));
        await nodes[0].Get<SchemaMigrator>().MigrateAsync(CancellationToken.None);

        var migrations = typeof(SchemaMigrator).Assembly.GetTypes().Count(type => type.IsSubclassOf(typeof(Migration)));
        Assert.Equal(migrations, await nodes[0].ScalarAsync<long>("""select count(*) from "__EFMigrationsHistory" """));
    }

    [Fact]
    public async Task Schema_OfANewerProgram_IsRefusedByName()
    {
        var node = TestNode.Create(Database, Folder, null, ("Roles:0", "api"));
        await node.Get<SchemaMigrator>().MigrateAsync(CancellationToken.None);
        await node.ExecuteAsync("""insert into "__EFMigrationsHistory" values ('29990101000000_FromTheFuture', '99')""");

        var refused = await Assert.ThrowsAsync<SchemaTooNewException>(() => node.Get<SchemaMigrator>().MigrateAsync(CancellationToken.None));

        Assert.Equal("29990101000000_FromTheFuture", refused.Found);
    }

    [Fact]
    public async Task EveryEntity_CanBeReadFromTheMigratedSchema()
    {
        var node = await StartApiAsync();
        var id = await node.SubmitAsync();
        await using var context = await node.Get<IDbContextFactory<JobsDbContext>>().CreateDbContextAsync();

        var job = await context.Jobs.SingleAsync(row => row.Id == id);
        await context.Attempts.ToListAsync();
        await context.Events.ToListAsync();
        await context.Metrics.ToListAsync();
        await context.Checkpoints.ToListAsync();
        await context.Artifacts.ToListAsync();
        await context.Models.ToListAsync();
        await context.Nodes.ToListAsync();
        await context.Schedules.ToListAsync();
        await context.ScheduleRuns.ToListAsync();
        await context.Benchmarks.ToListAsync();
        await context.BenchmarkRows.ToListAsync();
        await context.BenchmarkCells.ToListAsync();

        Assert.Equal((JobState.Queued, "resnet8"), (job.State, job.Spec.Student.Model));
        var mapped = context.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties().Select(property => (Table: entity.GetTableName()!, Column: property.GetColumnName())));
        await using var command = node.Get<NpgsqlDataSource>().CreateCommand(
            "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public' and table_name !~ '^(qrtz|__)'");
        await using var reader = await command.ExecuteReaderAsync();
        List<(string, string)> columns = [];
        while (await reader.ReadAsync()) columns.Add((reader.GetString(0), reader.GetString(1)));
        Assert.Equal(columns.Order(), mapped.Order());
    }

    [Fact]
    public async Task EmbeddedCluster_KilledAndStartedAgain_HasWhatWasCommitted()
    {
        var options = TestCluster.Options(Folder["deep/state"]);
        var postgres = new EmbeddedPostgres(options, NullLogger<EmbeddedPostgres>.Instance);
        await postgres.StartAsync(CancellationToken.None);
        var server = await ServerAsync();
        await ExecuteAsync("create table kept as select 42 as answer");

        using (var process = Process.GetProcessById(server))
        {
            process.Kill();
            await TestNode.UntilAsync(() => Task.FromResult(process.HasExited || File.ReadAllText($"/proc/{server}/stat").Contains(") Z ", StringComparison.Ordinal)), () => Task.FromResult("the server is still there"));
        }
        await postgres.StartAsync(CancellationToken.None);
        Assert.Equal(42, await ExecuteAsync("select answer from kept"));
        Assert.NotEqual(server, server = await ServerAsync());

        // A service killed alone leaves the server up; the next one goes on with it.
        await new EmbeddedPostgres(options, NullLogger<EmbeddedPostgres>.Instance).StartAsync(CancellationToken.None);
        Assert.Equal(server, await ServerAsync());

        await postgres.StopAsync();
        Assert.False(File.Exists(Folder["deep/state/postgres/cluster/postmaster.pid"]));
        await postgres.StopAsync();

        async Task<int> ServerAsync() => int.Parse((await File.ReadAllLinesAsync(Folder["deep/state/postgres/cluster/postmaster.pid"]))[0]);

        async Task<object?> ExecuteAsync(string sql)
        {
            await EmbeddedPostgres.CreateDatabaseAsync(EmbeddedPostgres.ConnectionStringFor(options), CancellationToken.None);
            await using var connection = new NpgsqlConnection(EmbeddedPostgres.ConnectionStringFor(options) + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync();
        }
    }

    [Fact]
    public async Task SecondService_InTheSameFolder_IsRefusedAndLeavesTheFirstAlone()
    {
        (string, string)[] embedded = [("ConnectionString", null!), ("Roles:0", "api")];
        await using var first = await TestNode.StartAsync("", Folder, null, embedded);

        await using (var second = TestNode.Create("", Folder, null, embedded))
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(second.StartAsync);
            Assert.Contains("another service runs in", refused.Message, StringComparison.Ordinal);
        }

        await first.SubmitAsync();
    }

    [Fact]
    public async Task Service_ThatIsDisposedWithoutBeingStopped_TakesItsDatabaseDown()
    {
        var node = await TestNode.StartAsync("", Folder, null, ("ConnectionString", null!), ("Roles:0", "api"));

        await node.DisposeUnstoppedAsync();

        Assert.False(File.Exists(Folder["postgres/cluster/postmaster.pid"]));
    }

    [Fact]
    public async Task EmbeddedCluster_WhoseCreationWasCutShort_IsCreatedAnew()
    {
        Directory.CreateDirectory(Folder["postgres/cluster.new/base"]);
        await File.WriteAllTextAsync(Folder["postgres/cluster.new/PG_VERSION"], "15");
        var postgres = new EmbeddedPostgres(TestCluster.Options(Folder.Path), NullLogger<EmbeddedPostgres>.Instance);

        if (PostgresPrograms.SwitchesUser) await PostgresPrograms.GiveAsync(Folder["postgres"], CancellationToken.None);
        await postgres.StartAsync(CancellationToken.None);

        Assert.True(File.Exists(Folder["postgres/cluster/postmaster.pid"]));
        await postgres.StopAsync();
    }

    [Fact]
    public async Task EmbeddedCluster_InAFolderThatPostgresCannotEnter_LiesElsewhere()
    {
        if (!PostgresPrograms.SwitchesUser) return; // the user of the tests can enter its own folders
        var closed = Directory.CreateDirectory(Folder["closed"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var options = TestCluster.Options(Path.Combine(closed, "state"));
        var postgres = new EmbeddedPostgres(options, NullLogger<EmbeddedPostgres>.Instance);
        var home = Path.GetDirectoryName(new NpgsqlConnectionStringBuilder(EmbeddedPostgres.ConnectionStringFor(options)).Host)!;
        try
        {
            await postgres.StartAsync(CancellationToken.None);
            await EmbeddedPostgres.CreateDatabaseAsync(EmbeddedPostgres.ConnectionStringFor(options), CancellationToken.None);
            Assert.StartsWith("/var/lib/kdservice/", home, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(closed, "state", "postgres")), "part of the cluster lies where its user cannot go");
        }
        finally
        {
            await postgres.StopAsync();
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public async Task Readiness_ComesWithTheQueueAndGoesWithTheDatabase()
    {
        var node = await StartApiAsync();
        var check = node.Get<ReadinessCheck>();
        var context = new Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckContext();

        Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, (await check.CheckHealthAsync(context)).Status);
        await node.StopAsync();
        Assert.Equal("the queue has not started", (await check.CheckHealthAsync(context)).Description);
    }
}
