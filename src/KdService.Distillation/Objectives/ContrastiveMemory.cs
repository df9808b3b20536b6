using KdService.Core.Plans;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Objectives;

/// <summary>Linear embeddings of two networks' features, and what the training samples' embeddings were when they were last seen.</summary>
internal sealed class ContrastiveMemory : Module
{
    private readonly ContrastiveRepresentation _options;
    private readonly Linear _student;
    private readonly Linear _teacher;
    private readonly Tensor _studentMemory; // [samples, dimensions]
    private readonly Tensor _teacherMemory;
    private readonly Tensor _logNormalisers; // [2], of the student's and of the teacher's scores; NaN until the first batch
    private readonly Tensor _labels; // [samples]
    private readonly int _negatives;
    private bool _normalised;

    /// <summary>Remembers random embeddings.</summary>
    /// <param name="options">Lengths, numbers and temperature.</param>
    /// <param name="studentSize">Numbers in a feature of the student.</param>
    /// <param name="teacherSize">Numbers in a feature of the teacher.</param>
    /// <param name="labels">Classes of the training samples.</param>
    public ContrastiveMemory(ContrastiveRepresentation options, int studentSize, int teacherSize, IReadOnlyList<int> labels) : base(nameof(ContrastiveMemory))
    {
        _options = options;
        _student = Linear(studentSize, options.Dimensions);
        _teacher = Linear(teacherSize, options.Dimensions);
        // Their components have the variance of those of a random unit vector.
        var bound = Math.Sqrt(3.0 / options.Dimensions);
        _studentMemory = empty(labels.Count, options.Dimensions).uniform_(-bound, bound);
        _teacherMemory = empty(labels.Count, options.Dimensions).uniform_(-bound, bound);
        _logNormalisers = full([2], double.NaN, float32);
        _labels = tensor(labels.Select(label => (long)label).ToArray());
        _negatives = Math.Min(options.Negatives, labels.Count - labels.CountBy(label => label).Select(entry => entry.Value).DefaultIfEmpty().Max());
        register_module("student", _student);
        register_module("teacher", _teacher);
        register_buffer("student_memory", _studentMemory);
        register_buffer("teacher_memory", _teacherMemory);
        register_buffer("log_normalisers", _logNormalisers);
        register_buffer("labels", _labels, persistent: false);
    }

    /// <summary>The loss of a batch, both ways; the batch's embeddings are remembered.</summary>
    /// <param name="student">The student's features <c>[batch, ...]</c>.</param>
    /// <param name="teacher">The teacher's features <c>[batch, ...]</c>.</param>
    /// <param name="samples">Which samples these are, <c>[batch]</c>.</param>
    /// <param name="labels">Their classes, <c>[batch]</c>.</param>
    public Tensor Contrast(Tensor student, Tensor teacher, Tensor samples, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var (ofStudent, ofTeacher) = (FeatureLoss.Unit(_student.call(student.flatten(1)), 1), FeatureLoss.Unit(_teacher.call(teacher.flatten(1)), 1));
        var chosen = cat([samples.unsqueeze(1), Negatives(labels)], 1); // [batch, 1 + negatives]
        var (studentScores, teacherScores) = (Scores(ofStudent, _teacherMemory, chosen), Scores(ofTeacher, _studentMemory, chosen));
        Normalise(studentScores, teacherScores);
        var loss = Discrimination(studentScores - _logNormalisers[0]) + Discrimination(teacherScores - _logNormalisers[1]);
        Remember(_studentMemory, samples, ofStudent);
        Remember(_teacherMemory, samples, ofTeacher);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>Samples of other classes, drawn evenly and without repetition: int64 <c>[batch, negatives]</c>.</summary>
    /// <param name="labels">Classes of the batch, <c>[batch]</c>.</param>
    public Tensor Negatives(Tensor labels)
    {
        using var scope = NewDisposeScope();
        // Resume checkpoints hold the state of the CPU's random numbers; a GPU's are made to follow from them.
        if (labels.device.type == DeviceType.CUDA) cuda.manual_seed(randint(long.MaxValue, [1], int64).item<long>());
        var lots = rand(labels.size(0), _labels.size(0), device: labels.device);
        var ofOwnClass = labels.unsqueeze(1).eq(_labels.unsqueeze(0));
        return lots.masked_fill_(ofOwnClass, -1).topk(_negatives, 1, sorted: false).indexes.MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    protected override void RegisterComponents()
    {
    }

    // v.m / tau of each embedding and the remembered ones that were chosen: [batch, 1 + negatives]. All products at once are cheaper
    // than gathering the vectors first, of which there are more than samples. Remembering must not change what the way back needs.
    private Tensor Scores(Tensor embeddings, Tensor memory, Tensor chosen) =>
        embeddings.mm(memory.clone().t()).gather(1, chosen) / _options.Temperature;

    // Z is the mean of exp(v.m / tau) in the first batch, times the number of samples.
    private void Normalise(Tensor studentScores, Tensor teacherScores)
    {
        if (_normalised) return;
        _normalised = true;
        if (!float.IsNaN(_logNormalisers[0].item<float>())) return; // restored
        using var _ = no_grad();
        foreach (var (index, scores) in new[] { studentScores, teacherScores }.Index())
            _logNormalisers[index] = scores.flatten().logsumexp(0) + Math.Log((double)_labels.size(0) / scores.numel());
    }

    // From log u: -log(u / (u + c)) of the first column and -log(c / (u + c)) of the others, c = N/M; sum over columns, mean over the batch.
    private Tensor Discrimination(Tensor logScores)
    {
        var logNoise = Math.Log((double)_negatives / _labels.size(0));
        var own = (logNoise - logScores.narrow(1, 0, 1)).softplus();
        var others = (logScores.narrow(1, 1, _negatives) - logNoise).softplus();
        return (own.sum() + others.sum()) / logScores.size(0);
    }

    private void Remember(Tensor memory, Tensor samples, Tensor embeddings)
    {
        using var _ = no_grad();
        var blend = _options.Momentum * memory.index_select(0, samples) + (1 - _options.Momentum) * embeddings;
        memory.index_copy_(0, samples, FeatureLoss.Unit(blend, 1));
    }
}
