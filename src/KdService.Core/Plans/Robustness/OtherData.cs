using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>A data set that a network was not trained on, and what its labels mean to the network.</summary>
public sealed record OtherData
{
    /// <summary>The data set.</summary>
    [Field("The data set, any that specs may name and whose inputs are the job's; of text_files and squad the test file alone is needed. Texts are cut into tokens as the job's are.")]
    public required Dataset Dataset { get; init; }

    /// <summary>What each of its labels means in the job's classes.</summary>
    [Field("What each label of the data set means in the job's classes, several of them parted by |: {\"non-entailment\": \"contradiction|neutral\"}. Classes and labels that mean the same are one; "
        + "left out where the names are equal, or where all that matters is entailment.", MaxLength = 1000)]
    public Dictionary<string, string> Labels { get; init; } = [];

    /// <summary>How many of its test samples are used.</summary>
    [Field("Use so many of its test samples, spread evenly; all when left out.", Min = 1, Max = 100_000_000)]
    public int? Samples { get; init; }

    /// <summary>Whether the job does without where it is missing.</summary>
    [Field("Do without where the files of this data are missing, which the log then says.")]
    public bool Optional { get; init; }

    /// <summary>Test samples used: of questions, these and not their windows.</summary>
    public int Size => Math.Min(Samples ?? int.MaxValue, Dataset.TestSize);

    /// <summary>The data set as the networks of a job read it: with its vocabulary and length.</summary>
    public Dataset For(Dataset job) => (Dataset, job) is (TextDataset other, TextDataset own) ? other with { Vocabulary = own.Vocabulary ?? own.NamedVocabulary?.Name, Imported = own.Imported, MaxLength = own.MaxLength } : Dataset;

    /// <summary>What the labels and the job's classes have in common; null where nothing is to be merged: values, or classes that have no names.</summary>
    /// <exception cref="InvalidDocumentException">They do not fit.</exception>
    public MergedClasses? Merge(Dataset job)
    {
        var problems = new ProblemList();
        var merged = Merge(job, problems);
        return problems.None ? merged : throw new InvalidDocumentException(problems.Items);
    }

    /// <summary>Notes what does not fit the job's data, its pointers being those within this.</summary>
    public void Check(Dataset job, ProblemList problems)
    {
        var before = problems.Items.Count;
        problems.Require(Dataset.TrainLimit is null, "/dataset/train_limit", $"{Dataset.TrainLimit} given; the test samples alone are read, of which samples takes a part: leave it out");
        if (Dataset is TextDataset { Vocabulary: { } vocabulary } && job is TextDataset own)
            problems.Require(own.Imported is null && vocabulary == own.NamedVocabulary?.Name, "/dataset/vocabulary", $"\"{vocabulary}\" given; texts are cut as the job's are: leave it out");
        For(job).Validate(problems);
        if (problems.Items.Count > before) return;
        if (!problems.Require(Dataset.Shape.Kind == job.Shape.Kind, "/dataset", $"{Dataset.Title} given, whose inputs are {Dataset.Shape}; those of {job.Title} are {job.Shape}")) return;
        if (!problems.Require(Dataset.Shape.Target == job.Shape.Target, "/dataset",
            $"{Dataset.Title} given, which asks for {Asked(Dataset)}; the networks of the job predict {Asked(job)}")) return;
        Merge(job, problems);
    }

    private MergedClasses? Merge(Dataset job, ProblemList problems)
    {
        if (job is TextDataset { Target: Target.Class } own && Dataset is TextDataset other) return MergedClasses.Of(other.LabelNames, own.LabelNames, Labels, problems);
        problems.Require(Labels.Count == 0, "/labels", $"given, but {(job.Shape.Target == Target.Class ? $"the classes of {job.Name} have no names" : $"{job.Name} asks for no class")}; leave it out");
        if (job.Shape.Target == Target.Class)
        {
            problems.Require(Dataset.GetType() == job.GetType() && Dataset.Shape == job.Shape, "/dataset",
                $"{Dataset.Title} given, {Dataset.Classes} classes of {Dataset.Shape}; the job's network tells the {job.Classes} classes of {job.Title} apart, which are others");
        }
        return null;
    }

    private static string Asked(Dataset dataset) => dataset.Shape.Target switch
    {
        Target.Value => "a value",
        Target.Span => "a span",
        _ => "a class",
    };
}
