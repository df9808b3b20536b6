using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>A loss between features <c>F_S</c>, <c>F_T</c> <c>[batch, ...]</c> of the student and the teacher, summed over pairs of taps.</summary>
public abstract record FeatureObjective : Objective
{
    /// <summary>The features that are compared.</summary>
    [Field("The features that are compared, from the first layers to the last; the method's usual ones when left out.", MaxItems = 32)]
    public IReadOnlyList<TapPair>? Layers { get; init; }

    /// <inheritdoc />
    public sealed override bool NeedsTeacher => true;

    /// <summary>The kinds of features that the loss can compare; of those of tokens it leaves padding, where they are 0, out of account.</summary>
    protected virtual IReadOnlyList<FeatureKind> Takes => [FeatureKind.Vector, FeatureKind.Map];

    /// <summary>The pairs that the method's publications compare; none where the networks have no such features.</summary>
    protected abstract IEnumerable<(Tap Student, Tap Teacher)> UsualLayers(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher);

    /// <summary>Why the loss cannot compare two features; null if it can.</summary>
    protected virtual string? Mismatch(Tap student, Tap teacher) => null;

    /// <summary>Which of the loss's options the networks do not fit where no layers are named, and why; null if they do.</summary>
    protected virtual (string Field, string Problem)? Unfit(Architecture student, Architecture teacher, Dataset dataset) => null;

    /// <summary>JSON pointer to what chooses the layers where none are named.</summary>
    protected virtual string UsualPlace(string pointer) => $"{pointer}/layers";

    /// <inheritdoc />
    public sealed override IReadOnlyList<TapPair> TapsOf(Architecture student, Architecture teacher, Dataset dataset) => Layers
        ?? [.. UsualLayers(student.Taps(dataset.Shape), teacher.Taps(dataset.Shape)).Select(pair => new TapPair { Student = pair.Student.Name, Teacher = pair.Teacher.Name })];

    /// <inheritdoc />
    public sealed override void Check(ObjectiveSetting setting, string pointer, ProblemList problems)
    {
        if (setting.Teacher is not { } teacher) return;
        if (new[] { setting.Student, teacher }.FirstOrDefault(network => Fitting(network, setting.Dataset).Count == 0) is { } without)
        {
            problems.Add(pointer, $"{Union.Case(GetType()).Name} given, which compares {string.Join(" or ", Takes.Select(Words))}; {without.Name} has none");
            return;
        }
        if (Layers is null && Unfit(setting.Student, teacher, setting.Dataset) is var (field, problem))
        {
            problems.Add($"{pointer}/{field}", problem);
            return;
        }
        var pairs = TapsOf(setting.Student, teacher, setting.Dataset);
        problems.Require(pairs.Count > 0, $"{pointer}/layers", Layers is null
            ? $"missing; {setting.Student.Name} and {teacher.Name} have too few stages for the usual layers: name at least one pair of taps"
            : "an empty list given; at least one pair of taps, or leave it out");
        foreach (var (index, pair) in pairs.Index())
        {
            // Layers that were not named have no place of their own in the document.
            string Place(string side) => Layers is null ? UsualPlace(pointer) : $"{pointer}/layers/{index}{side}";
            var student = Find(setting.Student, pair.Student, setting.Dataset, Place("/student"), problems);
            var taught = Find(teacher, pair.Teacher, setting.Dataset, Place("/teacher"), problems);
            if (student is null || taught is null || Mismatch(student, taught) is not { } mismatch) continue;
            problems.Add(Place(""), $"{student} of {setting.Student.Name} and {taught} of {teacher.Name} given; {mismatch}");
        }
    }

    /// <summary>
    /// The ends of both networks' stages in pairs. Of networks with different numbers of stages the last of one goes with the last of
    /// the other.
    /// </summary>
    protected static IReadOnlyList<(Tap Student, Tap Teacher)> Stages(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher)
    {
        var (ofStudent, ofTeacher) = (student.Where(tap => tap.EndsStage).ToList(), teacher.Where(tap => tap.EndsStage).ToList());
        var shared = Math.Min(ofStudent.Count, ofTeacher.Count);
        return [.. ofStudent.TakeLast(shared).Zip(ofTeacher.TakeLast(shared))];
    }

    /// <summary>What a tap that ends a stage gives, before its ReLU where it has one.</summary>
    protected static Tap BeforeRelu(Tap stage, IReadOnlyList<Tap> network) =>
        stage.BeforeRelu is { } name ? network.First(tap => tap.Name == name) : stage;

    /// <summary>What both networks' last linear layers classify.</summary>
    protected static (Tap Student, Tap Teacher) Embeddings(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher) =>
        (student.First(tap => tap.Name == Tap.Embedding), teacher.First(tap => tap.Name == Tap.Embedding));

    private List<Tap> Fitting(Architecture network, Dataset dataset) => [.. network.Taps(dataset.Shape).Where(tap => Takes.Contains(tap.Kind))];

    private static string Words(FeatureKind kind) => kind switch
    {
        FeatureKind.Vector => "vectors",
        FeatureKind.Map => "maps with height and width",
        FeatureKind.States => "states of tokens",
        _ => "attention scores",
    };

    private Tap? Find(Architecture network, string name, Dataset dataset, string pointer, ProblemList problems)
    {
        var tap = network.FindTap(name, dataset);
        if (tap is not null && Takes.Contains(tap.Kind)) return tap;
        // There are many taps: those that show what there is, and those that may have been meant.
        var fitting = Fitting(network, dataset);
        var inner = fitting.Where(other => !other.IsLandmark).ToDictionary(other => other.Name);
        var near = Spelling.Nearest(name, inner.Keys, 5).Select(other => inner[other]).ToList();
        problems.Add(pointer, $"{(tap is null ? $"\"{name}\"" : $"{tap}, which {(Takes is [FeatureKind.Map] ? "has no height and width" : $"is one of {Words(tap.Kind)}")},")} given; {network.Name} has {string.Join(", ", fitting.Where(other => other.IsLandmark))}"
            + (near.Count > 0 ? $"; within, by their names in the weights, there are more, such as {string.Join(", ", near)}" : ""));
        return null;
    }

    /// <inheritdoc />
    public override bool FitsValues => true;

    /// <inheritdoc />
    public override bool FitsSpans => true;
}
