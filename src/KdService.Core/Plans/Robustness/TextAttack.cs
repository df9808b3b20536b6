using System.Globalization;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>An attack that changes a few words of a text.</summary>
public abstract record TextAttack : Attack
{
    /// <summary>The part of a text's words that may be changed.</summary>
    [Field("The part of a text's words that may be changed, of both texts of a pair together; one always may.", Min = 0, ExclusiveMin = true, Max = 1, Evidence = "ours")]
    public double MaxChange { get; init; } = 0.2;

    /// <summary>Whether stop words stay as they are.</summary>
    [Field("Leave stop words (the, not, was, ...) as they are, and put none in.", Evidence = "[recalled, unverified] Ebrahimi et al.; TextAttack's DeepWordBug")]
    public bool KeepStopWords { get; init; } = true;

    /// <inheritdoc />
    public override InputKind Attacks => InputKind.Text;

    /// <summary>The bound in words.</summary>
    protected string Bound => string.Create(CultureInfo.InvariantCulture, $"{100 * MaxChange:0.##}%");

    /// <summary>How many words of a text may be changed.</summary>
    public int Most(int words) => Math.Max(1, (int)(MaxChange * words + 1e-9));

    /// <summary>Words of a usual text, for estimates: most are much shorter than the longest.</summary>
    protected static int UsualWords(DataShape shape) => Math.Max(1, shape.Width / 4);
}

/// <summary>
/// After Ebrahimi et al. (2018, arXiv 1712.06751), for words: how much the loss rises when a word's embedding is replaced by
/// another's is told, to first order, by the gradient with respect to it; the most promising replacements are tried.
/// </summary>
[Case("hotflip", "Replaces words by others that, by the gradient with respect to their embeddings, raise the loss most (after HotFlip, Ebrahimi et al. 2018).")]
public sealed record HotFlip : TextAttack
{
    /// <summary>Replacements tried at each step.</summary>
    [Field("Replacements tried at each step, the most promising of all words and places.", Min = 1, Max = 1000, Evidence = "ours")]
    public int Candidates { get; init; } = 20;

    /// <summary>Texts kept after each step.</summary>
    [Field("Texts kept after each step, those with the greatest loss; 1 is a greedy search.", Min = 1, Max = 32, Evidence = "ours; the paper's beam is 10 [recalled, unverified]")]
    public int Beam { get; init; } = 1;

    /// <summary>How like the replaced word a replacement has to be.</summary>
    [Field("The least cosine of the angle between the network's embeddings of a word and of its replacement; any when left out. The paper asks for 0.8.", Min = -1, Max = 1, Evidence = "[recalled, unverified] Ebrahimi et al.")]
    public double? MinSimilarity { get; init; }

    /// <inheritdoc />
    public override string Label => $"hotflip {Bound}{(Beam > 1 ? $" beam {Beam}" : "")}{(MinSimilarity is { } least ? string.Create(CultureInfo.InvariantCulture, $" cos {least:0.##}") : "")}";

    /// <inheritdoc />
    public override double PassesPerSample(DataShape shape) => 1 + Most(UsualWords(shape)) * (3.0 * Beam + Candidates);
}

/// <summary>How a word is misspelt.</summary>
public enum Misspelling
{
    /// <summary>Two letters side by side change places.</summary>
    Swap,

    /// <summary>A letter becomes another.</summary>
    Substitute,

    /// <summary>A letter is left out.</summary>
    Delete,

    /// <summary>A letter is put in.</summary>
    Insert,
}

/// <summary>
/// After DeepWordBug (Gao et al. 2018, arXiv 1801.04354): words are misspelt by one letter, those first whose masking costs the right
/// class most. It needs no gradient, and goes through the tokenizer as any text does.
/// </summary>
[Case("character", "Misspells words by one letter, the most important first (after DeepWordBug, Gao et al. 2018).")]
public sealed record CharacterAttack : TextAttack
{
    /// <summary>How words are misspelt.</summary>
    [Field("How words are misspelt; each way is tried, at a random place of the word, and the best is kept.", Evidence = "[recalled, unverified] the four of Gao et al.")]
    public IReadOnlyList<Misspelling> Edits { get; init; } = Enum.GetValues<Misspelling>();

    /// <inheritdoc />
    public override string Label => $"character {Bound}{(Edits.Count < Enum.GetValues<Misspelling>().Length ? $" {string.Join('+', Edits.Select(edit => Json.Naming.ConvertName($"{edit}")))}" : "")}";

    /// <inheritdoc />
    public override double PassesPerSample(DataShape shape) => 1 + UsualWords(shape) + Most(UsualWords(shape)) * Edits.Count;

    /// <inheritdoc />
    public override void Check(Dataset dataset, string pointer, ProblemList problems)
    {
        base.Check(dataset, pointer, problems);
        problems.RequireEachOnce(Edits, "way", $"{pointer}/edits");
    }
}
