using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>Texts of the user's own, from CSV, TSV or JSON-lines files of the data root with named columns.</summary>
[Case("text_files", "Texts of your own: CSV, TSV or JSON-lines files in the data root, with named columns.", Example = """
    {"name": "text_files", "train": "reviews/train.csv", "test": "reviews/test.csv", "text_a": "review", "label": "stars", "labels": ["bad", "good"]}
    """)]
public sealed record TextFiles : TextDataset
{
    private const string PathInWords = $"a path below the data root that ends in .csv, .tsv or .jsonl: {FieldAttribute.PathCharacters}";
    private const string PathPattern = $"{FieldAttribute.PathPattern}(csv|tsv|jsonl)";

    // The most rows that are served, and the fewest to train on.
    private const int Most = 100_000_000, FewestToTrainOn = 10;

    /// <summary>The training file.</summary>
    [Field("The training file, below the data root; .csv, .tsv or .jsonl. Left out of sets that evaluation.also_on names.", Pattern = PathPattern, PatternInWords = PathInWords)]
    public string? Train { get; init; }

    /// <summary>The test file.</summary>
    [Field("The test file, below the data root, of the same columns.", Pattern = PathPattern, PatternInWords = PathInWords)]
    public required string Test { get; init; }

    /// <summary>Rows of the training file; null until they have been counted.</summary>
    [Field("Rows of the training file, without its header: a check, for they are counted when left out.", Min = FewestToTrainOn, Max = Most)]
    public int? TrainRows { get; init; }

    /// <summary>Rows of the test file; null until they have been counted.</summary>
    [Field("Rows of the test file, without its header: a check, for they are counted when left out.", Min = 1, Max = Most)]
    public int? TestRows { get; init; }

    /// <summary>The column of the text.</summary>
    [Field("The column of the text, or of the first text of a pair.", MaxLength = 100)]
    public string TextA { get; init; } = "text";

    /// <summary>The column of the second text of a pair.</summary>
    [Field("The column of the second text of a pair; left out where there is one text.", MaxLength = 100)]
    public string? TextB { get; init; }

    /// <summary>The column of the label.</summary>
    [Field("The column of the label.", MaxLength = 100)]
    public string Label { get; init; } = "label";

    /// <summary>The labels.</summary>
    [Field("The labels as the files have them, in the order of the classes; left out where the label is a number to predict.", MaxLength = 100, MaxItems = 1000)]
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What networks are judged by.</summary>
    [Field("What networks are judged by; when left out accuracy, or pearson where a number is predicted.")]
    public ScoreMetric? JudgedBy { get; init; }

    /// <inheritdoc />
    public override Target Target => Labels.Count > 0 ? Target.Class : Target.Value;

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => Labels;

    /// <inheritdoc />
    public override string Title => $"{Name} {Test}";

    /// <inheritdoc />
    /// <remarks>Before they have been counted, as many as nothing would be wrong with.</remarks>
    public override int TrainSize => Train is null ? 0 : TrainRows ?? Most;

    /// <inheritdoc />
    public override int TestSize => TestRows ?? 0;

    /// <inheritdoc />
    public override ScoreMetric Metric => JudgedBy ?? (Target == Target.Class ? ScoreMetric.Accuracy : ScoreMetric.Pearson);

    /// <inheritdoc />
    public override DataFile? TrainFile => Train is null ? null : new(Train, null, null);

    /// <inheritdoc />
    public override DataFile TestFile => new(Test, null, null);

    /// <inheritdoc />
    public override string HowToGet => "put the files that the spec names into the data root, and the vocabulary into vocab/";

    /// <inheritdoc />
    public override void Validate(ProblemList problems)
    {
        base.Validate(problems);
        problems.Require(Train is not null || TrainRows is null, "/dataset/train", "missing; the file that train_rows is about");
        problems.Require(TrainRows is null or >= FewestToTrainOn, "/dataset/train", $"{Train} has {TrainRows} rows; at least {FewestToTrainOn}");
        problems.Require(TrainRows is null or <= Most, "/dataset/train", $"{Train} has {TrainRows} rows; at most {Most}");
        problems.Require(TestRows is null or <= Most, "/dataset/test", $"{Test} has {TestRows} rows; at most {Most}");
        problems.Require(Labels.Count != 1, "/dataset/labels", "1 label given; at least 2, or none where the label is a number to predict");
        // Those that are no texts are null, and complained of already.
        problems.Require(Labels.OfType<string>().GroupBy(label => label).All(same => same.Count() == 1), "/dataset/labels", "a label given twice; each once");
        problems.Require(Label != TextA && Label != TextB, "/dataset/label", $"{Label} given, a column of text as well; a column of its own");
        var judged = Json.Naming.ConvertName($"{JudgedBy}");
        if (Target == Target.Value) problems.Require(Metric == ScoreMetric.Pearson, "/dataset/judged_by", $"{judged} given; pearson, as a number is predicted");
        else if (Metric == ScoreMetric.Pearson) problems.Add("/dataset/judged_by", $"{judged} given; accuracy, f1 or matthews, as there are labels");
        else problems.Require(Metric == ScoreMetric.Accuracy || Labels.Count == 2, "/dataset/judged_by", $"{judged} given with {Labels.Count} labels; it is defined for 2");
    }
}
