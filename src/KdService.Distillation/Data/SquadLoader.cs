using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text.Tasks;

namespace KdService.Distillation.Data;

/// <summary>Reads questions and cuts their paragraphs into windows.</summary>
internal static class SquadLoader
{
    /// <summary>Every window of the training part, of whose questions the first <see cref="Dataset.UsedTrainSize"/> are kept, and of the test part.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static (SpanSet Train, SpanSet Test) Load(Squad squad, string dataRoot) =>
        (SpanSet.ToTrainOn(squad, Cutter(squad, dataRoot), [.. Read(squad, dataRoot, test: false).Take(squad.UsedTrainSize)]), LoadTest(squad, dataRoot));

    /// <summary>Every window of the test part.</summary>
    /// <inheritdoc cref="Load" path="/exception" />
    public static SpanSet LoadTest(Squad squad, string dataRoot) => SpanSet.ToJudgeBy(squad, Cutter(squad, dataRoot), Read(squad, dataRoot, test: true));

    private static SquadWindows Cutter(Squad squad, string dataRoot) => new(Tokenizers.Of(squad, dataRoot), squad.MaxLength, squad.Stride, squad.MaxQuestion);

    private static IReadOnlyList<SquadQuestion> Read(Squad squad, string dataRoot, bool test)
    {
        var file = test ? squad.TestFile : squad.TrainFile;
        if (!file.IsBelow(dataRoot)) throw new RunException(FailureCode.DataMissing, $"{Path.Combine(dataRoot, file.Path)}: no such file; {squad.HowToGet}");
        return Corrupt.Unless(() => SquadQuestions.Read(squad, dataRoot, test));
    }
}
