using KdService.Core.Datasets;
using KdService.Text.Tasks;

namespace KdService.Distillation.Data;

/// <summary>Questions in memory, as windows of their paragraphs: a window is a sample.</summary>
public sealed class SpanSet : TokenSet
{
    private readonly SquadWindows _cutter;
    private readonly IReadOnlyList<SquadQuestion> _questions;

    private SpanSet(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions, IReadOnlyList<IReadOnlyList<SquadWindow>> windows)
        : base([.. windows.SelectMany(ofQuestion => ofQuestion).Select(window => Segmented(window.Text))], new int[windows.Sum(ofQuestion => ofQuestion.Count)], dataset.Shape)
    {
        (Dataset, _cutter, _questions) = (dataset, cutter, questions);
        Spans = [.. windows.SelectMany(ofQuestion => ofQuestion).Select(window => (window.Start, window.End))];
    }

    /// <summary>How windows are cut and answers decoded.</summary>
    public Squad Dataset { get; }

    /// <summary>The windows of each question, which are the samples, question by question; empty where a question has one window only, to train on.</summary>
    public IReadOnlyList<IReadOnlyList<SquadWindow>> Windows { get; private init; } = [];

    /// <summary>What is trained on: of each question the window that shows most around its answer; the first where none has all of the answer, or there is none.</summary>
    /// <param name="dataset">How windows are cut.</param>
    /// <param name="cutter">Cuts them.</param>
    /// <param name="questions">The questions.</param>
    public static SpanSet OneWindowEach(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions) =>
        new(dataset, cutter, questions, Cut(cutter, questions, windows => [windows.FirstOrDefault(window => window.Start > 0 && window.HasMostContext[window.Start])
            ?? windows.FirstOrDefault(window => window.Start > 0)
            ?? windows[0]]));

    /// <summary>What networks are judged by: every window of each question.</summary>
    /// <inheritdoc cref="OneWindowEach" />
    public static SpanSet AllWindows(Squad dataset, SquadWindows cutter, IReadOnlyList<SquadQuestion> questions)
    {
        var windows = Cut(cutter, questions, windows => windows);
        return new SpanSet(dataset, cutter, questions, windows) { Windows = windows };
    }

    /// <summary>Every window of some of the questions.</summary>
    public SpanSet AllWindowsOf(ReadOnlySpan<int> questions)
    {
        var some = new SquadQuestion[questions.Length];
        for (var i = 0; i < some.Length; i++) some[i] = _questions[questions[i]];
        return AllWindows(Dataset, _cutter, some);
    }

    private static IReadOnlyList<SquadWindow>[] Cut(SquadWindows cutter, IReadOnlyList<SquadQuestion> questions, Func<IReadOnlyList<SquadWindow>, IReadOnlyList<SquadWindow>> choose)
    {
        var windows = new IReadOnlyList<SquadWindow>[questions.Count];
        Parallel.For(0, windows.Length, i => windows[i] = choose(cutter.Of(questions[i])));
        return windows;
    }
}
