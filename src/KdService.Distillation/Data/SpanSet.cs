using KdService.Core.Datasets;
using KdService.Text.Tasks;

namespace KdService.Distillation.Data;

/// <summary>Questions in memory, as windows of their paragraphs: a window is a sample.</summary>
public sealed class SpanSet : TokenSet
{
    private readonly SquadWindows _cutter;
    private readonly IReadOnlyList<SquadQuestion> _questions;

    // The first sample of each question, and the number of samples.
    private readonly int[] _starts;

    private SpanSet(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions, IReadOnlyList<IReadOnlyList<SquadWindow>> windows)
        : base([.. windows.SelectMany(ofQuestion => ofQuestion).Select(window => Segmented(window.Text))], new int[windows.Sum(ofQuestion => ofQuestion.Count)], dataset.Shape)
    {
        (Dataset, _cutter, _questions) = (dataset, cutter, questions);
        Spans = [.. windows.SelectMany(ofQuestion => ofQuestion).Select(window => (window.Start, window.End))];
        _starts = new int[windows.Count + 1];
        for (var i = 0; i < windows.Count; i++) _starts[i + 1] = _starts[i] + windows[i].Count;
    }

    /// <summary>How windows are cut and answers decoded.</summary>
    public Squad Dataset { get; }

    /// <summary>How many questions the windows are of.</summary>
    public int Questions => _questions.Count;

    /// <summary>The windows of each question, which are the samples, question by question, with what decoding needs; empty where they are to train on.</summary>
    public IReadOnlyList<IReadOnlyList<SquadWindow>> Windows { get; private init; } = [];

    /// <summary>Every window of each question, to train on, as BERT's <c>run_squad.py</c> does: one that does not have all of the answer points at the start token.</summary>
    /// <param name="dataset">How windows are cut.</param>
    /// <param name="cutter">Cuts them.</param>
    /// <param name="questions">The questions.</param>
    public static SpanSet ToTrainOn(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions) => new(dataset, cutter, questions, Cut(cutter, questions));

    /// <summary>Every window of each question, to judge networks by.</summary>
    /// <inheritdoc cref="ToTrainOn" />
    public static SpanSet ToJudgeBy(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions)
    {
        var windows = Cut(cutter, questions);
        return new SpanSet(dataset, cutter, questions, windows) { Windows = windows };
    }

    /// <summary>Some of the questions, to judge networks by.</summary>
    public SpanSet ToJudgeBy(ReadOnlySpan<int> questions)
    {
        var some = new SquadQuestion[questions.Length];
        for (var i = 0; i < some.Length; i++) some[i] = _questions[questions[i]];
        return ToJudgeBy(Dataset, _cutter, some);
    }

    /// <summary>The samples that are windows of some of the questions, rising where these are.</summary>
    public int[] SamplesOf(IEnumerable<int> questions) => [.. questions.SelectMany(question => Enumerable.Range(_starts[question], _starts[question + 1] - _starts[question]))];

    private static IReadOnlyList<SquadWindow>[] Cut(SquadWindows cutter, IReadOnlyList<SquadQuestion> questions)
    {
        var windows = new IReadOnlyList<SquadWindow>[questions.Count];
        Parallel.For(0, windows.Length, i => windows[i] = cutter.Of(questions[i]));
        return windows;
    }
}
