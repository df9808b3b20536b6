using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Text.Tasks;

namespace KdService.Distillation.Data;

/// <summary>Reads questions and cuts their paragraphs into windows.</summary>
internal static class SquadLoader
{
    // Questions that a complaint names.
    private const int MostNamed = 5;

    /// <summary>Every window of the training part, of whose questions the first <see cref="Dataset.UsedTrainSize"/> are kept, and of the test part.</summary>
    /// <exception cref="RunException">A file is missing, or is not what it should be.</exception>
    public static (SpanSet Train, SpanSet Test) Load(Squad squad, string dataRoot)
    {
        var cutter = new SquadWindows(Tokenizers.Of(squad, dataRoot), squad.MaxLength, squad.Stride, squad.MaxQuestion);
        // An answer that is not where the file says can be measured by, not trained on.
        var train = Read(squad, dataRoot, squad.TrainFile.Path, squad.TrainSize, "train_questions", question => question.IsImpossible || question.Answers[0].Start is not null);
        var test = Read(squad, dataRoot, squad.TestFile.Path, squad.TestSize, "test_questions", _ => true);
        return (SpanSet.ToTrainOn(squad, cutter, [.. train.Take(squad.UsedTrainSize)]), SpanSet.ToJudgeBy(squad, cutter, test));
    }

    private static List<SquadQuestion> Read(Squad squad, string dataRoot, string file, int count, string field, Predicate<SquadQuestion> usable)
    {
        var path = Path.Combine(dataRoot, file);
        if (!File.Exists(path)) throw new RunException(FailureCode.DataMissing, $"{path}: no such file; {squad.HowToGet}");
        var all = Corrupt.Unless(() => SquadFile.Read(path)).Questions;
        var questions = all.Where(question => usable(question)).Take(count).ToList();
        if (questions.Count < count)
        {
            var misplaced = all.Where(question => !usable(question)).Select(question => question.Id).ToList();
            var why = misplaced.Count == 0 ? "" : $" of {all.Count}; left out are those whose first answer is not where answer_start says: {string.Join(", ", misplaced.Take(MostNamed))}{(misplaced.Count > MostNamed ? ", ..." : "")}";
            throw new RunException(FailureCode.DataCorrupt, $"{file}: {questions.Count} questions found that can be used{why}; the spec asks for {count} ({field})");
        }
        if (squad.Version == SquadVersion.V1 && questions.Find(question => question.IsImpossible) is { } impossible)
            throw new RunException(FailureCode.DataCorrupt, $"{file}: question {impossible.Id} has no answer; in version v1 each has one, and v2 is for files like this");
        return questions;
    }
}
