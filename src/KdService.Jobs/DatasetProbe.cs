using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Text;
using KdService.Text.Tasks;
using Microsoft.Extensions.Caching.Memory;

namespace KdService.Jobs;

/// <summary>
/// Looks whether a data set is on this host: files with their exact lengths, or the archive. Texts can be looked into as well, so that who
/// submits a job knows at once what is wrong with them: files that the user names to their end, published ones as far as a glance goes.
/// The rest, and pictures, and what a vocabulary holds, is the trainer's to check.
/// </summary>
public sealed class DatasetProbe(KdOptions options) : IDisposable
{
    // Files are read through once for each way to read them, until they change.
    private const long MostRemembered = 1000;

    private readonly MemoryCache _parts = new(new MemoryCacheOptions { SizeLimit = MostRemembered });

    // One file at a time is read through: many jobs that are submitted at once ask for the same.
    private readonly Lock _reading = new();

    /// <summary>Whether the files of a data set are here, and if not, what is wrong and what would be right.</summary>
    public (bool Present, string? Problem) Look(Dataset dataset) => Look(dataset, dataset.Files);

    /// <summary>Whether a data set can be read here, texts being looked into.</summary>
    public (bool Readable, string? Problem) LookInto(Dataset dataset)
    {
        var found = Look(dataset);
        return found.Present && dataset is TextDataset texts ? Readable(Fault(texts, test: false) ?? Fault(texts, test: true)) : found;
    }

    /// <summary>Whether the files that evaluations need of a data set are here, whatever they hold.</summary>
    public bool HasTest(Dataset dataset) => dataset.TestFiles.All(file => file.IsBelow(options.DataRoot!));

    /// <summary>Whether the part of a data set that evaluations need can be read here, texts being looked into.</summary>
    public (bool Readable, string? Problem) LookIntoTest(Dataset dataset)
    {
        var found = Look(dataset, dataset.TestFiles);
        return found.Present && dataset is TextDataset texts ? Readable(Fault(texts, test: true)) : found;
    }

    /// <summary>A spec with the rows of its tables, where it leaves them to be counted and they can be.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="problems">Takes what could not be known of the spec without the numbers.</param>
    public JobSpec Counted(JobSpec spec, ProblemList problems) =>
        CountedTables.Of(spec, (files, test) => (test ? files.TestFile : files.TrainFile)!.ProblemBelow(options.DataRoot!) is null ? ReadOnce(files, test).Rows : null, problems);

    /// <inheritdoc />
    public void Dispose() => _parts.Dispose();

    private static (bool Readable, string? Problem) Readable(string? fault) => (fault is null, fault);

    private (bool Present, string? Problem) Look(Dataset dataset, IReadOnlyList<DataFile> files)
    {
        var problem = files.Select(file => file.ProblemBelow(options.DataRoot!)).FirstOrDefault(found => found is not null);
        return problem is not null && !(dataset.Archive is { } archive && archive.ProblemBelow(options.DataRoot!) is null) ? (false, $"{problem}; {dataset.HowToGet}") : (true, null);
    }

    // What is wrong with a part, if there is one; null if nothing is.
    private string? Fault(TextDataset dataset, bool test)
    {
        if ((test ? dataset.TestFile : dataset.TrainFile) is not { } file) return null;
        var (fault, rows) = ReadOnce(dataset, test);
        return fault ?? (dataset is TextFiles own && OwnTexts.Mismatch(own, test, rows!.Value) is { } mismatch ? $"{file.Path}: {mismatch}" : null);
    }

    private PartRead ReadOnce(TextDataset dataset, bool test)
    {
        var file = (test ? dataset.TestFile : dataset.TrainFile)!;
        var versions = from path in file.Otherwise.Prepend(file.Path)
                       let found = new FileInfo(Path.Combine(options.DataRoot!, path))
                       select new { path, Length = found.Exists ? found.Length : 0, found.LastWriteTimeUtc };
        var key = Json.Write(new { Way = WayToRead(dataset, test), Versions = versions.ToList() });
        if (_parts.TryGetValue(key, out PartRead? known)) return known!;
        lock (_reading)
        {
            return _parts.GetOrCreate(key, remembered =>
            {
                remembered.Size = 1;
                return Read(dataset, test);
            })!;
        }
    }

    // What else it depends on whether a file is as it should be.
    private static object WayToRead(TextDataset dataset, bool test) => dataset switch
    {
        TextFiles own => new { own.TextA, own.TextB, own.Label, own.Labels },
        Squad squad => new { squad.Version, Questions = test ? squad.TestSize : squad.TrainSize },
        _ => dataset.Title,
    };

    private PartRead Read(TextDataset dataset, bool test)
    {
        try
        {
            switch (dataset)
            {
                case TextFiles own:
                    return new PartRead(null, OwnTexts.Count(own, options.DataRoot!, test));
                case PublishedTexts published:
                    PublishedFiles.Check(published, options.DataRoot!, test);
                    break;
                case Squad squad:
                    SquadQuestions.Read(squad, options.DataRoot!, test);
                    break;
            }
            return new PartRead(null, null);
        }
        // The answer that was asked for, with the path that the spec has instead of this host's.
        catch (TextDataException e)
        {
            var path = Path.GetRelativePath(options.DataRoot!, e.Path);
            return new PartRead(e.Line is { } line ? $"{path}:{line}: {e.Problem}" : $"{path}: {e.Problem}", null);
        }
    }

    // What came of reading a part: what is wrong with it, or how many rows the user's own table has.
    private sealed record PartRead(string? Fault, int? Rows);
}
