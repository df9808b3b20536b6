using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>Tables of the user's own whose rows a spec leaves to be counted.</summary>
public static class CountedTables
{
    /// <summary>The spec with the numbers of rows that it leaves out; itself where none can be counted, or none is left out.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="count">Counts the rows of a table's test file or, with false, of its training file; null where that cannot be read.</param>
    /// <param name="problems">Takes what could not be known of the spec without the numbers.</param>
    public static JobSpec Of(JobSpec spec, Func<TextFiles, bool, int?> count, ProblemList problems)
    {
        var found = false;
        var counted = spec with
        {
            Dataset = Counted(spec.Dataset),
            Evaluation = spec.Evaluation with { AlsoOn = [.. spec.Evaluation.AlsoOn.Select(other => other with { Dataset = Counted(other.Dataset) })] },
        };
        if (!found) return spec;
        SpecValidation.Check(counted, problems);
        return counted;

        Dataset Counted(Dataset given) => given is not TextFiles files ? given : files with
        {
            TrainRows = files.Train is null ? files.TrainRows : files.TrainRows ?? Find(files, test: false),
            TestRows = files.TestRows ?? Find(files, test: true),
        };

        int? Find(TextFiles files, bool test)
        {
            var rows = count(files, test);
            found |= rows is not null;
            return rows;
        }
    }
}
