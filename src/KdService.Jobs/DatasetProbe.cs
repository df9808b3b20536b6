using KdService.Core.Datasets;

namespace KdService.Jobs;

/// <summary>Looks whether a data set is on this host: files with their exact lengths, or the archive. Contents are the trainer's to check.</summary>
public sealed class DatasetProbe(KdOptions options)
{
    /// <summary>Whether a data set can be read here, and if not, what is wrong and what would be right.</summary>
    public (bool Present, string? Problem) Look(Dataset dataset) => Look(dataset, dataset.Files);

    /// <summary>Whether the part of a data set that evaluations need can be read here.</summary>
    public (bool Present, string? Problem) LookForTest(Dataset dataset) => Look(dataset, dataset.TestFiles);

    private (bool Present, string? Problem) Look(Dataset dataset, IReadOnlyList<DataFile> files)
    {
        var problem = files.Select(Problem).FirstOrDefault(found => found is not null);
        if (problem is null || (dataset.Archive is { } archive && Problem(archive) is null)) return (true, null);
        return (false, $"{problem}; {dataset.HowToGet}");
    }

    private string? Problem(DataFile file)
    {
        var found = new FileInfo(Path.Combine(options.DataRoot!, file.Path));
        if (!found.Exists && file.Otherwise.Select(path => Path.Combine(options.DataRoot!, path)).Any(Path.Exists)) return null;
        if (!found.Exists) return $"{file.Path} is missing from the data root";
        return file.Bytes is { } bytes && found.Length != bytes ? $"{file.Path} has {found.Length} bytes instead of {bytes}" : null;
    }
}
