using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>Texts, cut into the tokens of a vocabulary on their way into a network.</summary>
public abstract record TextDataset : Dataset
{
    /// <summary>The most tokens that position tables have room for.</summary>
    public const int LongestInput = 512;

    /// <summary>The vocabulary.</summary>
    [Field("The vocabulary that texts are cut into tokens with, one for all networks of the job; its files lie in the data root. When left out, that of the imported models which the spec names or which its teacher's job began with; without any, bert-base-uncased, of phrases phrases.", MaxLength = 100)]
    public string? Vocabulary { get; init; }

    /// <summary>The vocabulary of an imported model, which is then the job's; found as the spec becomes a plan.</summary>
    public ImportedVocabulary? Imported { get; init; }

    /// <summary>The name of the vocabulary where nothing else says which.</summary>
    protected virtual string UsualVocabulary => Vocabularies.BertUncased.Name;

    /// <summary>The vocabulary by its name; null where that names none.</summary>
    public KnownVocabulary? NamedVocabulary => Vocabularies.Find(Vocabulary ?? UsualVocabulary);

    /// <summary>What tells whether two data sets cut texts alike.</summary>
    public string VocabularyKey => Imported?.Digest ?? NamedVocabulary?.Digest ?? Vocabulary ?? UsualVocabulary;

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
    public override DataShape Shape => DataShape.Text(Imported?.Entries ?? NamedVocabulary?.Entries ?? 1, MaxLength, Target, Classes);

    /// <inheritdoc />
    /// <remarks>Texts of any source teach others whose classes have the same names in the same order, which is that of the logits.</remarks>
    public override string? Mismatch(Dataset other)
    {
        if (other is not TextDataset { Target: Target.Class } texts || Target != Target.Class) return base.Mismatch(other);
        return LabelNames.SequenceEqual(texts.LabelNames, StringComparer.OrdinalIgnoreCase)
            ? null
            : $"tells apart {string.Join(", ", LabelNames)}, in this order; a teacher of {string.Join(", ", texts.LabelNames)}, the classes of {texts.Title}";
    }

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

    private IReadOnlyList<DataFile> VocabularyFiles => Imported is null ? NamedVocabulary?.Files ?? [] : [];

    /// <inheritdoc />
    public override object Preparation => new { Vocabulary = Imported?.Digest ?? NamedVocabulary?.Name, MaxLength };

    /// <inheritdoc />
    public override void Validate(ProblemList problems)
    {
        base.Validate(problems);
        problems.Require(NamedVocabulary is not null, "/dataset/vocabulary",
            $"\"{Vocabulary}\" given; one of {string.Join(", ", Vocabularies.All.Select(vocabulary => vocabulary.Name))}");
    }
}
