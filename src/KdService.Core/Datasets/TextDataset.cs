using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>Texts, cut into the tokens of a vocabulary on their way into a network.</summary>
public abstract record TextDataset : Dataset
{
    /// <summary>The most tokens that position tables have room for.</summary>
    public const int LongestInput = 512;

    /// <summary>The vocabulary.</summary>
    [Field("The vocabulary that texts are cut into tokens with, one for all networks of the job; its files lie in the data root.", MaxLength = 100)]
    public string Vocabulary { get; init; } = Vocabularies.BertUncased.Name;

    /// <summary>The most tokens of an input.</summary>
    [Field("The most tokens of an input, the special ones included; longer texts are cut at the end, of a pair the longer one first.", Min = 4, Max = LongestInput, Evidence = "[read: KDNLP] 128 for GLUE")]
    public int MaxLength { get; init; } = 128;

    /// <summary>What is predicted of a text.</summary>
    public virtual Target Target => Target.Class;

    /// <summary>The classes by name, in the order of the logits; empty where a value is predicted.</summary>
    public abstract IReadOnlyList<string> LabelNames { get; }

    /// <inheritdoc />
    public override int Classes => Target == Target.Class ? LabelNames.Count : 1;

    /// <inheritdoc />
    public override DataShape Shape => DataShape.Text(Vocabularies.Find(Vocabulary)?.Entries ?? 1, MaxLength, Target, Classes);

    /// <inheritdoc />
    public override int BytesPerValue => sizeof(int);

    /// <summary>The file of the training texts; null where there is none.</summary>
    public virtual DataFile? TrainFile => null;

    /// <summary>The file of the test texts; null where there is none.</summary>
    public virtual DataFile? TestFile => null;

    /// <summary>The files of the texts, below the data root.</summary>
    public IReadOnlyList<DataFile> OwnFiles => [.. new[] { TrainFile, TestFile }.OfType<DataFile>()];

    /// <inheritdoc />
    public override IReadOnlyList<DataFile> Files => [.. OwnFiles, .. VocabularyFiles];

    /// <inheritdoc />
    public override IReadOnlyList<DataFile> TestFiles => [.. new[] { TestFile }.OfType<DataFile>(), .. VocabularyFiles];

    private IReadOnlyList<DataFile> VocabularyFiles => Vocabularies.Find(Vocabulary)?.Files ?? [];

    /// <inheritdoc />
    public override object Preparation => new { Vocabulary, MaxLength };

    /// <inheritdoc />
    public override void Validate(ProblemList problems)
    {
        base.Validate(problems);
        problems.Require(Vocabularies.Find(Vocabulary) is not null, "/dataset/vocabulary",
            $"\"{Vocabulary}\" given; one of {string.Join(", ", Vocabularies.All.Select(vocabulary => vocabulary.Name))}");
    }
}
