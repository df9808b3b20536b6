using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans;

/// <summary>Which layer of the teacher a layer of the student learns from; <c>M</c>, <c>N</c>: layers of the student and of the teacher.</summary>
public enum LayerMap
{
    /// <summary>Every k-th: <c>g(m) = m N / M</c>, rounded down.</summary>
    Uniform,

    /// <summary>The last ones, each from one: <c>g(m) = m + N - M</c>.</summary>
    Last,

    /// <summary>Only the student's last, from the teacher's last.</summary>
    Top,
}

/// <summary>A loss between layers of two transformers.</summary>
public abstract record LayerObjective : FeatureObjective
{
    /// <summary>Which layers are compared.</summary>
    [Field("Which layer of the teacher each layer of the student learns from. uniform: every k-th. last: the teacher's last ones. top: only the student's last, from the teacher's last.")]
    public LayerMap Map { get; init; }

    /// <summary>The teacher's layers.</summary>
    [Field("For each layer of the student that learns the teacher's layer that it learns from, counted from 1; by the map when left out.", MaxItems = Transformers.MostLayers)]
    public IReadOnlyList<int>? TeacherLayers { get; init; }

    /// <summary>How many layers of the student learn, from the first, unless the map is <see cref="LayerMap.Top"/>.</summary>
    /// <param name="layers">The student's layers.</param>
    protected virtual int Learning(int layers) => layers;

    /// <inheritdoc />
    protected sealed override string UsualPlace(string pointer) => $"{pointer}/map";

    /// <inheritdoc />
    protected sealed override (string Field, string Problem)? Unfit(Architecture student, Architecture teacher, Dataset dataset)
    {
        var (own, taught) = (Layers(student), Layers(teacher));
        if (Learning(own) == 0 && Map != LayerMap.Top) return ("map", $"{Named(Map)} given; {student.Name} has {own} layer, which says what the logits say: top, or a deeper student");
        if (TeacherLayers is null)
        {
            return own <= taught ? null : ("map", $"{Named(Map)} given; {student.Name} has {own} layers and {teacher.Name} has {taught}: a teacher of as many or more, or teacher_layers");
        }
        if (TeacherLayers.Count != Learning(own)) return ("teacher_layers", $"{TeacherLayers.Count} given; {Learning(own)}, as many as learn of the {own} layers of {student.Name}");
        var none = TeacherLayers.Where(layer => layer < 1 || layer > taught).ToList();
        return none.Count == 0 ? null : ("teacher_layers", $"{string.Join(", ", none)} given; {teacher.Name} has the layers 1 to {taught}");

        int Layers(Architecture network) => network.Taps(dataset.Shape).Count(tap => tap.EndsStage);

        static string Named(LayerMap map) => Json.Naming.ConvertName(map.ToString());
    }

    /// <summary>Pairs a tap of every layer of the student that learns with that of the teacher's layer that it learns from; none where the networks do not fit.</summary>
    /// <param name="student">A tap for each layer.</param>
    /// <param name="teacher">A tap for each layer.</param>
    protected IEnumerable<(Tap Student, Tap Teacher)> Mapped(IReadOnlyList<Tap> student, IReadOnlyList<Tap> teacher)
    {
        var (own, taught) = (student.Count, teacher.Count);
        if (own == 0 || taught == 0) return [];
        if (TeacherLayers is null && Map == LayerMap.Top) return [(student[^1], teacher[^1])];
        var layers = TeacherLayers ?? [.. Map == LayerMap.Last ? Enumerable.Range(1 + taught - own, Learning(own)) : InitialLayers.Spread(own, taught).Take(Learning(own)).Select(layer => layer + 1)];
        return layers.Count == Learning(own) && layers.All(layer => layer >= 1 && layer <= taught) ? student.Zip(layers, (tap, layer) => (tap, teacher[layer - 1])) : [];
    }
}
