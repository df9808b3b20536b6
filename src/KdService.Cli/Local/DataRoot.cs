using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Text;
using KdService.Text.Tasks;

namespace KdService.Cli.Local;

/// <summary>The folder in which data sets lie.</summary>
public static class DataRoot
{
    /// <summary>What <c>KD_DATA</c> names, or <c>data/datasets</c> here, as for a service that is started here.</summary>
    public static string Default => Environment.GetEnvironmentVariable("KD_DATA") is { Length: > 0 } given ? given : Path.Combine("data", "datasets");

    /// <summary>Whether a data set's files, or its archive, are there in full length.</summary>
    public static bool Has(Dataset dataset, string root) => Has(dataset, dataset.Files, root);

    /// <summary>Refuses a data set that is not there.</summary>
    /// <exception cref="CommandFailedException">Files are missing; the message says how to get them.</exception>
    public static void Require(Dataset dataset, string root)
    {
        if (!Has(dataset, root)) throw Missing("dataset.name", dataset, dataset.Files, root);
    }

    /// <summary>Refuses a data set to evaluate on whose test part is not there.</summary>
    /// <param name="field">Where the spec names it.</param>
    /// <param name="dataset">The data set.</param>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <exception cref="CommandFailedException">Files are missing; the message says how to get them.</exception>
    public static void RequireTest(string field, Dataset dataset, string root)
    {
        if (!Has(dataset, dataset.TestFiles, root)) throw Missing(field, dataset, dataset.TestFiles, root);
    }

    /// <summary>A spec with the rows of its tables, where it leaves them to be counted and they are there.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="root">The folder in which data sets lie.</param>
    /// <exception cref="CommandFailedException">A table is not what the spec says of it.</exception>
    /// <exception cref="InvalidDocumentException">With the numbers, the spec is not acceptable; carries every problem.</exception>
    public static JobSpec Counted(JobSpec spec, string root)
    {
        var problems = new ProblemList();
        var counted = CountedTables.Of(spec, Count, problems);
        return problems.None ? counted : throw new InvalidDocumentException(problems.Items);

        int? Count(TextFiles files, bool test)
        {
            if ((test ? files.TestFile : files.TrainFile)!.ProblemBelow(root) is not null) return null;
            try
            {
                return OwnTexts.Count(files, root, test);
            }
            catch (TextDataException e)
            {
                throw new CommandFailedException(e.Message, ExitCodes.Refused);
            }
        }
    }

    private static bool Has(Dataset dataset, IReadOnlyList<DataFile> files, string root) =>
        files.All(file => file.ProblemBelow(root) is null) || (dataset.Archive is { } archive && archive.ProblemBelow(root) is null);

    private static CommandFailedException Missing(string field, Dataset dataset, IReadOnlyList<DataFile> files, string root)
    {
        var missing = files.First(file => file.ProblemBelow(root) is not null).Path;
        return new CommandFailedException(
            $"{field}: {dataset.Title} given, but {Path.Combine(root, missing)} is missing or not complete; {dataset.HowToGet}; --data or KD_DATA names another folder",
            ExitCodes.Refused);
    }
}
