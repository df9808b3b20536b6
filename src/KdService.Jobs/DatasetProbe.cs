using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Text;
using KdService.Text.Tasks;
using Microsoft.Extensions.Caching.Memory;

namespace KdService.Jobs;

/// <summary>
/// Looks whether a data set is on this host: files with their exact lengths, or the archive. Contents are the trainer's to check, but for
/// tables of the user's own, of which nobody knows better than the spec what they hold.
/// </summary>
public sealed class DatasetProbe(KdOptions options) : IDisposable
{
    // Tables are read through once for each way to read them, until they change.
    private const long MostRemembered = 1000;

    private readonly MemoryCache _faults = new(new MemoryCacheOptions { SizeLimit = MostRemembered });

    /// <summary>Whether a data set can be read here, and if not, what is wrong and what would be right.</summary>
    public (bool Present, string? Problem) Look(Dataset dataset) => Look(dataset, dataset.Files, testOnly: false);

    /// <summary>Whether the part of a data set that evaluations need can be read here.</summary>
    public (bool Present, string? Problem) LookForTest(Dataset dataset) => Look(dataset, dataset.TestFiles, testOnly: true);

    /// <inheritdoc />
    public void Dispose() => _faults.Dispose();

    private (bool Present, string? Problem) Look(Dataset dataset, IReadOnlyList<DataFile> files, bool testOnly)
    {
        var problem = files.Select(Problem).FirstOrDefault(found => found is not null);
        if (problem is not null && !(dataset.Archive is { } archive && Problem(archive) is null)) return (false, $"{problem}; {dataset.HowToGet}");
        if (dataset is not TextFiles own) return (true, null);
        var fault = (testOnly || own.Train is null ? null : Fault(own, test: false)) ?? Fault(own, test: true);
        return (fault is null, fault);
    }

    private string? Problem(DataFile file)
    {
        var found = new FileInfo(Path.Combine(options.DataRoot!, file.Path));
        if (!found.Exists && file.Otherwise.Select(path => Path.Combine(options.DataRoot!, path)).Any(Path.Exists)) return null;
        if (!found.Exists) return $"{file.Path} is missing from the data root";
        return file.Bytes is { } bytes && found.Length != bytes ? $"{file.Path} has {found.Length} bytes instead of {bytes}" : null;
    }

    // What is wrong with a part of the user's own texts; null if nothing is.
    private string? Fault(TextFiles own, bool test)
    {
        var name = test ? own.Test : own.Train!;
        var file = new FileInfo(Path.Combine(options.DataRoot!, name));
        var key = Json.Write(new { own.TextA, own.TextB, own.Label, own.Labels, Rows = test ? own.TestSize : own.TrainSize, name, file.Length, file.LastWriteTimeUtc });
        return _faults.GetOrCreate(key, remembered =>
        {
            remembered.Size = 1;
            try
            {
                OwnTexts.Check(own, options.DataRoot!, test);
                return null;
            }
            // The answer that was asked for, with the path that the spec has instead of this host's.
            catch (TextDataException e)
            {
                return e.Line is { } line ? $"{name}:{line}: {e.Problem}" : $"{name}: {e.Problem}";
            }
        });
    }
}
