using KdService.Core.Datasets;

namespace KdService.Text.Tasks;

/// <summary>The questions of a SQuAD file that a spec asks for.</summary>
public static class SquadQuestions
{
    // Questions that a complaint names.
    private const int MostNamed = 5;

    /// <summary>The first of a part, as many as the spec says, in the order of its file.</summary>
    /// <param name="squad">The files, and how many questions of each.</param>
    /// <param name="dataRoot">The folder that they lie below.</param>
    /// <param name="test">The test part, or the training part: of that, only questions whose first answer is where the file says.</param>
    /// <exception cref="TextDataException">The file is missing, not what it has to be, or has fewer.</exception>
    public static IReadOnlyList<SquadQuestion> Read(Squad squad, string dataRoot, bool test)
    {
        var (file, count, field) = test ? (squad.TestFile, squad.TestSize, "test_questions") : (squad.TrainFile, squad.TrainSize, "train_questions");
        var path = Path.Combine(dataRoot, file.Path);
        var all = SquadFile.Read(path);
        // An answer that is not where the file says can be measured by, not trained on.
        var misplaced = test ? [] : all.Where(question => !question.IsImpossible && question.Answers[0].Start is null).Select(question => question.Id).ToHashSet();
        var questions = all.Where(question => !misplaced.Contains(question.Id)).Take(count).ToList();
        if (questions.Count < count)
        {
            var why = misplaced.Count == 0 ? "" : $" of {all.Count}; left out are those whose first answer is not where answer_start says: {string.Join(", ", misplaced.Take(MostNamed))}{(misplaced.Count > MostNamed ? ", ..." : "")}";
            throw new TextDataException(path, null, $"{questions.Count} questions found that can be used{why}; the spec asks for {count} ({field})");
        }
        if (squad.Version == SquadVersion.V1 && questions.Find(question => question.IsImpossible) is { } impossible)
            throw new TextDataException(path, null, $"question {impossible.Id} has no answer; in version v1 each has one, and v2 is for files like this");
        return questions;
    }
}
