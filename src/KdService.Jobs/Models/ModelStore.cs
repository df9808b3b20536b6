using KdService.Core;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;
using KdService.Jobs.Persistence;
using KdService.Text.Folders;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace KdService.Jobs.Models;

/// <summary>Imported models: their files are bytes of the artifact store, what is known of them is a row.</summary>
public sealed class ModelStore
{
    private readonly NpgsqlDataSource _database;
    private readonly IDbContextFactory<JobsDbContext> _contexts;
    private readonly JobTransactions _transactions;
    private readonly ArtifactStore _artifacts;
    private readonly Blobs _blobs;
    private readonly ILogger _log;

    internal ModelStore(
        NpgsqlDataSource database, IDbContextFactory<JobsDbContext> contexts, JobTransactions transactions, ArtifactStore artifacts, Blobs blobs, ILogger<ModelStore> log) =>
        (_database, _contexts, _transactions, _artifacts, _blobs, _log) = (database, contexts, transactions, artifacts, blobs, log);

    /// <summary>Takes a Hugging Face folder in; an equal one that is there already is the same model.</summary>
    /// <param name="folder">The folder; it stays as it is.</param>
    /// <param name="name">What its user calls it; the name of its network when null.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The model, and whether this call imported it.</returns>
    /// <exception cref="InvalidDocumentException">The folder cannot be served; carries every problem, at the names of files.</exception>
    public async Task<(StoredModel Model, bool Created)> ImportAsync(string folder, string? name, CancellationToken cancellation)
    {
        var problems = new ProblemList();
        var facts = ModelFolder.Read(folder, problems) ?? throw new InvalidDocumentException(problems.Items);
        foreach (var file in facts.Files) await _artifacts.PutAsync(Path.Combine(folder, file.Name), cancellation);
        var id = SortableId.New();
        var created = await _transactions.RunAsync(async connection =>
        {
            // In one order for all, so that no two imports wait for each other.
            foreach (var file in facts.Files.OrderBy(file => file.Sha256, StringComparer.Ordinal))
                await _blobs.HoldAsync(connection, file.Sha256, Path.Combine(folder, file.Name), cancellation);
            // What an earlier version did not know of the same files is known from now on.
            await using var insert = new NpgsqlCommand("insert into models (id, name, digest, facts) values ($1, $2, $3, $4) on conflict (digest) do update set facts = excluded.facts returning id", connection)
            {
                Parameters = { new() { Value = id }, new() { Value = name ?? facts.Architecture }, new() { Value = facts.Digest }, JobRows.Document(facts) },
            };
            return (string)(await insert.ExecuteScalarAsync(cancellation))! == id;
        }, cancellation);
        if (created) _log.LogInformation("Model {ModelId} was imported: {Name}, {Architecture}", id, name, facts.Architecture);
        var found = await ReadAsync(rows => rows.Where(row => row.Digest == facts.Digest), cancellation);
        return found.Count == 1 ? (found[0], created) : throw new ModelNotFoundException(id);
    }

    /// <summary>All imported models, newest first.</summary>
    public Task<IReadOnlyList<StoredModel>> ListAsync(CancellationToken cancellation) => ReadAsync(rows => rows.OrderByDescending(row => row.Id), cancellation);

    /// <summary>One imported model; null if there is none of that id.</summary>
    public async Task<StoredModel?> FindAsync(string id, CancellationToken cancellation) => (await ReadAsync(rows => rows.Where(row => row.Id == id), cancellation)).SingleOrDefault();

    /// <summary>What is known of the imported models that a spec names, by id; notes those that are not there.</summary>
    internal async Task<IReadOnlyDictionary<string, ImportedModel>> OfAsync(JobSpec spec, ProblemList problems, CancellationToken cancellation)
    {
        var models = new Dictionary<string, ImportedModel>();
        foreach (var (pointer, id) in ImportsOfSpec.Named(spec))
        {
            if (await FindAsync(id, cancellation) is { } model) models[id] = model.Facts;
            else problems.Add(pointer, ImportsOfSpec.NotThere(id));
        }
        return models;
    }

    /// <summary>Removes an imported model, and the bytes that nothing else refers to.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelInUseException">A job that has not ended needs it, or a benchmark for one that it has not submitted yet.</exception>
    public async Task DeleteAsync(string id, CancellationToken cancellation)
    {
        var model = await FindAsync(id, cancellation) ?? throw new ModelNotFoundException(id);
        // Wherever a spec may name a model.
        if (await NeedingAsync(
            """
            select benchmark_id from benchmark_cells cell join benchmarks on benchmarks.id = benchmark_id
            where job_id is null and cancelled_at is null and jsonb_path_exists(cell.spec, '$.** ? (@ == $id)', jsonb_build_object('id', $1::text)) limit 1
            """, id, cancellation) is { } benchmark) throw new ModelInUseException($"benchmark {benchmark}, which has jobs to submit yet, needs model {id}; wait for it, or cancel it");
        if (await NeedingAsync(
            """
            select id from jobs where state not in ('succeeded', 'failed', 'cancelled')
            and (jsonb_path_exists(plan, '$.models[*].imported ? (@ == $id)', jsonb_build_object('id', $1::text)) or plan -> 'dataset' -> 'imported' ->> 'model' = $1) limit 1
            """, id, cancellation) is { } job) throw new ModelInUseException($"job {job}, which has not ended, needs model {id}; wait for it, or cancel it");
        await using (var delete = _database.CreateCommand("delete from models where id = $1"))
        {
            delete.Parameters.Add(new() { Value = id });
            await delete.ExecuteNonQueryAsync(cancellation);
        }
        foreach (var file in model.Facts.Files) await _blobs.ReleaseAsync(file.Sha256, cancellation);
        _log.LogInformation("Model {ModelId} was removed", id);
    }

    private async Task<string?> NeedingAsync(string query, string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(query);
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteScalarAsync(cancellation) as string;
    }

    private async Task<IReadOnlyList<StoredModel>> ReadAsync(Func<IQueryable<ModelRow>, IQueryable<ModelRow>> choose, CancellationToken cancellation)
    {
        await using var context = await _contexts.CreateDbContextAsync(cancellation);
        var rows = await choose(context.Models).ToListAsync(cancellation);
        return [.. rows.Select(row => new StoredModel(row.Id, row.Name, row.Facts, row.CreatedAt))];
    }
}
