using KdService.Jobs.Benchmarks;
using KdService.Jobs.Lifecycle;
using KdService.Jobs.Models;
using KdService.Jobs.Persistence;
using KdService.Jobs.Postgres;
using KdService.Jobs.Queue;
using KdService.Jobs.Schedules;
using KdService.Jobs.Worker;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Quartz;

namespace KdService.Jobs;

/// <summary>Adds jobs to a host.</summary>
public static class JobsRegistration
{
    /// <summary>The name and tag of <see cref="ReadinessCheck"/> among the health checks.</summary>
    public const string Ready = "ready";

    /// <summary>Adds the database, the queue, submission, control and queries, and the worker where the node's roles say so.</summary>
    /// <exception cref="ConfigurationException">An option is not acceptable; the message names it.</exception>
    public static void AddKdJobs(this IHostApplicationBuilder builder)
    {
        var options = KdOptions.From(builder.Configuration);
        var services = builder.Services;
        services.AddSingleton(options);
        // Trainers write their checkpoints while the host stops.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopGrace + TimeSpan.FromSeconds(30));

        AddDatabase(services, options);
        AddQueue(services, options);
        services.AddSingleton<JobLifecycle>();
        services.AddSingleton<Recovery>();
        services.AddSingleton<TeacherJobs>();
        services.AddSingleton<DatasetProbe>();
        services.AddSingleton<ArtifactStore>();
        services.AddSingleton(Create<ModelStore>);
        services.AddSingleton(Create<JobSubmission>);
        services.AddSingleton(Create<JobControl>);
        services.AddSingleton(Create<JobDiagnosis>);
        services.AddSingleton<JobDocuments>();
        services.AddSingleton(Create<JobQueries>);
        AddSchedules(services);
        AddBenchmarks(services);
        services.AddSingleton(Create<ReadinessCheck>);
        services.AddHealthChecks().Add(new HealthCheckRegistration(Ready, Create<ReadinessCheck>, null, [Ready]));

        // Hosted services start in this order and stop in the reverse.
        services.AddHostedService(provider => provider.GetRequiredService<Database>());
        services.AddSingleton<JobChanges>();
        services.AddHostedService(provider => provider.GetRequiredService<JobChanges>());
        services.AddQuartzHostedService(quartz => (quartz.WaitForJobsToComplete, quartz.AwaitApplicationStarted) = (true, false));
        if (options.IsWorker) AddWorker(services);
        services.AddSingleton<Reconciler>();
        services.AddHostedService(provider => provider.GetRequiredService<Reconciler>());
        if (options.IsApi) services.AddHostedService(provider => provider.GetRequiredService<ScheduleReconciler>());
        services.AddHostedService(provider => provider.GetRequiredService<BenchmarkDriver>());
    }

    private static void AddDatabase(IServiceCollection services, KdOptions options)
    {
        services.AddSingleton(_ => Database.CreatePool(options));
        services.AddDbContextFactory<JobsDbContext>((provider, context) => context
            .UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>())
            // Migrations are written by hand, without the snapshot that this compares them with; a test compares them with the model.
            .ConfigureWarnings(warnings => warnings
                .Ignore(RelationalEventId.PendingModelChangesWarning)
                // Nothing is tracked, so nothing is compared.
                .Ignore(CoreEventId.CollectionWithoutComparer)
                // Commands that fail throw, and their callers say what it means.
                .Log((RelationalEventId.CommandError, LogLevel.Debug), (RelationalEventId.CommandExecuted, LogLevel.Debug)))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking));
        services.AddSingleton<EmbeddedPostgres>();
        services.AddSingleton<SchemaMigrator>();
        services.AddSingleton<Database>();
        services.AddSingleton<JobTransactions>();
        services.AddSingleton<Blobs>();
    }

    private static void AddBenchmarks(IServiceCollection services)
    {
        services.AddSingleton<BenchmarkComparisons>();
        services.AddSingleton(Create<BenchmarkQueries>);
        services.AddSingleton(Create<BenchmarkSubmission>);
        services.AddSingleton(Create<BenchmarkControl>);
        services.AddSingleton<BenchmarkDriver>();
    }

    private static void AddQueue(IServiceCollection services, KdOptions options)
    {
        services.AddSingleton<QuartzEngine>();
        services.AddSingleton<IJobEngine>(provider => provider.GetRequiredService<QuartzEngine>());
        services.AddQuartz(quartz => QuartzEngine.Configure(quartz, options));
    }

    private static void AddSchedules(IServiceCollection services)
    {
        services.AddSingleton<IFiringEngine, QuartzFirings>();
        services.AddSingleton<ScheduleFiring>();
        services.AddSingleton(Create<ScheduleQueries>);
        services.AddSingleton(Create<ScheduleControl>);
        services.AddSingleton<ScheduleReconciler>();
    }

    private static void AddWorker(IServiceCollection services)
    {
        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton<Slots>();
        services.AddSingleton<WorkFolder>();
        services.AddSingleton<SignalCache>();
        services.AddSingleton<AttemptStore>();
        services.AddSingleton<LeaseKeeper>();
        services.AddSingleton<AttemptRunner>();
        services.AddSingleton<BlobSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<BlobSweeper>());
        services.AddSingleton<WorkerNode>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkerNode>());
    }

    /// <summary>Calls the one constructor of a public type whose parameters are internal, which the container cannot see.</summary>
    private static T Create<T>(IServiceProvider provider) where T : class
    {
        var constructor = typeof(T).GetConstructors(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic).Single();
        var arguments = constructor.GetParameters().Select(parameter => provider.GetRequiredService(parameter.ParameterType));
        return (T)constructor.Invoke([.. arguments]);
    }
}
