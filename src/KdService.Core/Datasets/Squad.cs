using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>The versions of SQuAD.</summary>
public enum SquadVersion
{
    /// <summary>SQuAD 1.1: every question is answered by a stretch of its paragraph.</summary>
    V1,

    /// <summary>SQuAD 2.0: some questions are not answered.</summary>
    V2,
}

/// <summary>
/// SQuAD (Rajpurkar et al. 2016 and 2018), or questions of the user's own in its form: the stretch of a paragraph that answers a
/// question. Long paragraphs are cut into windows, on all of which networks are trained and judged; a window that does not have all of the
/// answer says that there is none, in both versions.
/// </summary>
[Case("squad", "Questions on paragraphs, answered by a stretch of the paragraph: SQuAD 1.1 or 2.0 from the original files, or files of your own in their form; judged by the official F1. A long paragraph is cut into windows, each of which is a training sample; a window without all of the answer teaches that there is none, at the start token.", Example = """
    {"name": "squad", "train": "squad/train-v1.1.json", "train_questions": 20000, "test_questions": 2000}
    """)]
public sealed record Squad : TextDataset
{
    private const string PathInWords = $"a path below the data root that ends in .json: {FieldAttribute.PathCharacters}";
    private const string PathPattern = $"{FieldAttribute.PathPattern}json";

    // Special tokens around a question and a paragraph: BERT's three, RoBERTa's four.
    private const int MostSpecialTokens = 4;

    // Tokens of a question, on average, and of the paragraphs of every twentieth question, by length: SQuAD 1.1's training part in BERT's
    // uncased pieces. How many windows there will be is guessed from them.
    private const int UsualQuestion = 12;
    private static readonly int[] UsualParagraphs = [53, 82, 98, 106, 111, 117, 123, 128, 134, 140, 146, 154, 161, 170, 179, 191, 207, 226, 254, 315];

    /// <summary>The data set with its defaults.</summary>
    public Squad() => MaxLength = 384;

    /// <summary>The version.</summary>
    [Field("v1: SQuAD 1.1, every question has an answer. v2: SQuAD 2.0, some have none; such questions point at the start token.")]
    public SquadVersion Version { get; init; }

    /// <summary>The training file.</summary>
    [Field("The training file, below the data root; squad/train-v1.1.json or squad/train-v2.0.json when left out. Not read in sets that evaluation.also_on names.", Pattern = PathPattern, PatternInWords = PathInWords)]
    public string? Train { get; init; }

    /// <summary>The test file.</summary>
    [Field("The test file, below the data root; squad/dev-v1.1.json or squad/dev-v2.0.json when left out.", Pattern = PathPattern, PatternInWords = PathInWords)]
    public string? Test { get; init; }

    /// <summary>Questions of the training file that are used.</summary>
    [Field("Use so many questions of the training file, from its start; needed with train, else all of the official file.", Min = 10, Max = 100_000_000)]
    public int? TrainQuestions { get; init; }

    /// <summary>Questions of the test file that are used.</summary>
    [Field("Use so many questions of the test file, from its start; needed with test, else all of the official file.", Min = 1, Max = 100_000_000)]
    public int? TestQuestions { get; init; }

    /// <summary>Tokens by which the next window starts later.</summary>
    [Field("Tokens of the paragraph by which the next window starts later, where it does not fit into one.", Min = 1, Max = LongestInput, Evidence = "[recalled, unverified] BERT's doc_stride")]
    public int Stride { get; init; } = 128;

    /// <summary>Tokens of a question that are kept.</summary>
    [Field("Tokens of a question that are kept.", Min = 1, Max = LongestInput, Evidence = "[recalled, unverified] BERT's max_query_length")]
    public int MaxQuestion { get; init; } = 64;

    /// <summary>Tokens of the longest answer.</summary>
    [Field("Tokens of the longest answer that is given.", Min = 1, Max = LongestInput, Evidence = "[recalled, unverified] BERT's max_answer_length")]
    public int MaxAnswer { get; init; } = 30;

    /// <summary>Candidates for an answer.</summary>
    [Field("Candidates that are kept of a question, and starts and ends looked at in a window.", Min = 1, Max = 1000, Evidence = "[recalled, unverified] BERT's n_best_size")]
    public int NBest { get; init; } = 20;

    /// <summary>How much more no answer must score than the best one.</summary>
    [Field("v2 only: no answer is given where its score is greater than that of the best answer by more than this.", Min = -1000, Max = 1000, Evidence = "[recalled, unverified] BERT's null_score_diff_threshold")]
    public double NullThreshold { get; init; }

    /// <inheritdoc />
    public override string Title => $"{Name} {Test ?? Json.Naming.ConvertName($"{Version}")}";

    /// <inheritdoc />
    public override IEnumerable<Dataset> Variants => Enum.GetValues<SquadVersion>().Select(version => this with { Version = version });

    /// <inheritdoc />
    public override Target Target => Target.Span;

    /// <inheritdoc />
    public override IReadOnlyList<string> LabelNames => [];

    /// <inheritdoc />
    public override int TrainSize => TrainQuestions ?? (Version == SquadVersion.V1 ? 87_599 : 130_319);

    /// <inheritdoc />
    public override int TestSize => TestQuestions ?? (Version == SquadVersion.V1 ? 10_570 : 11_873);

    /// <inheritdoc />
    public override double SamplesPerExample => UsualParagraphs.Average(Windows);

    /// <inheritdoc />
    public override ScoreMetric Metric => ScoreMetric.F1;

    /// <inheritdoc />
    public override DataFile TrainFile => new(Train ?? $"squad/train-{Number}.json", null, null);

    /// <inheritdoc />
    public override DataFile TestFile => new(Test ?? $"squad/dev-{Number}.json", null, null);

    /// <inheritdoc />
    public override string HowToGet => "put the files into the data root, and the vocabulary into vocab/ (https://rajpurkar.github.io/SQuAD-explorer)";

    /// <inheritdoc />
    public override void Validate(ProblemList problems)
    {
        base.Validate(problems);
        problems.Require(Train is null || TrainQuestions is not null, "/dataset/train_questions", "missing with train; how many questions of that file are used");
        problems.Require(Test is null || TestQuestions is not null, "/dataset/test_questions", "missing with test; how many questions of that file are used");
        problems.Require(MaxQuestion + MostSpecialTokens < MaxLength, "/dataset/max_question",
            $"{MaxQuestion} given; at most {MaxLength - MostSpecialTokens - 1}, so that max_length ({MaxLength}) has room for some of the paragraph");
        problems.Require(Version == SquadVersion.V2 || NullThreshold == 0, "/dataset/null_threshold", $"{NullThreshold} given with version v1, whose questions all have answers; leave it out");
    }

    private double Windows(int paragraph)
    {
        var room = Math.Max(1, MaxLength - MostSpecialTokens - Math.Min(MaxQuestion, UsualQuestion));
        return 1 + Math.Max(0, Math.Ceiling((double)(paragraph - room) / Math.Min(Stride, room)));
    }

    private string Number => Version == SquadVersion.V1 ? "v1.1" : "v2.0";
}
