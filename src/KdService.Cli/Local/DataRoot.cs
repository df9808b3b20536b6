using KdService.Core.Datasets;

namespace KdService.Cli.Local;

/// <summary>The folder in which data sets lie.</summary>
public static class DataRoot
{
    /// <summary>What <c>KD_DATA</c> names, or <c>data/datasets</c> here, as for a service that is started here.</summary>
    public static string Default => Environment.GetEnvironmentVariable("KD_DATA") is { Length: > 0 } given ? given : Path.Combine("data", "datasets");

    /// <summary>Whether a data set's files, or its archive, are there in full length.</summary>
    public static bool Has(Dataset dataset, string root) =>
        dataset.Files.All(file => IsThere(file, root)) || (dataset.Archive is { } archive && IsThere(archive, root));

    /// <summary>Refuses a data set that is not there.</summary>
    /// <exception cref="CommandFailedException">Files are missing; the message says how to get them.</exception>
    public static void Require(Dataset dataset, string root)
    {
        if (Has(dataset, root)) return;
        var missing = dataset.Files.First(file => !IsThere(file, root)).Path;
        throw new CommandFailedException(
            $"dataset.name: {dataset.Name} given, but {Path.Combine(root, missing)} is missing or not complete; {dataset.HowToGet}; --data or KD_DATA names another folder",
            ExitCodes.Refused);
    }

    private static bool IsThere(DataFile file, string root)
    {
        var info = new FileInfo(Path.Combine(root, file.Path));
        return info.Exists && (file.Bytes is not { } bytes || info.Length == bytes);
    }
}
