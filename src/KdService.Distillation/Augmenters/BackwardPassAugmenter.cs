using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>
/// Jafari et al. (2023, arXiv 2301.12006). Max step: <c>x' &lt;- x' + eta grad_x D(x')</c> through both networks, the student in
/// evaluation mode. Min step: <c>weight D(x')</c> with x' and the teacher's logits constant, through the student in training mode,
/// whose running statistics then are those of the real samples only. Pictures stay within the range of their pixels.
/// </summary>
internal sealed class BackwardPassAugmenter : IAugmenter
{
    private const string SamplesName = "samples";
    private const string RoundsName = "rounds";

    private readonly BackwardPass _options;
    private readonly nn.Module<Tensor, Tensor> _student;
    private readonly ITeacherSignal _teacher;
    private readonly Tensor? _low;
    private readonly Tensor? _high;

    // Samples of the last round, all of the training set's, where a round lasts longer than an epoch.
    private readonly Tensor? _kept;

    // The round, from 1, that a row of these was made in, int64 [samples]: a part of the training set has none, or an old one.
    private readonly Tensor? _rounds;

    /// <summary>Makes auxiliary samples for a student.</summary>
    public BackwardPassAugmenter(BackwardPass options, Plan plan, nn.Module<Tensor, Tensor> student, ITeacherSignal teacher, Device device)
    {
        (_options, _student, _teacher) = (options, student, teacher);
        using var scope = NewDisposeScope();
        if (plan.Dataset is PictureDataset pictures)
        {
            _low = Bound(pictures, 0, device);
            _high = Bound(pictures, 1, device);
        }
        if (options.EveryEpochs == 1) return;
        var shape = plan.Dataset.Shape;
        _kept = zeros([plan.TrainSamples, shape.Channels, shape.Height, shape.Width], dtype: float16, device: CPU).DetachFromDisposeScope();
        _rounds = zeros([plan.TrainSamples], dtype: int64, device: CPU).DetachFromDisposeScope();
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Tensor> State =>
        _kept is null ? new Dictionary<string, Tensor>() : new Dictionary<string, Tensor> { [SamplesName] = _kept, [RoundsName] = _rounds! };

    /// <inheritdoc />
    public void Restore(IReadOnlyDictionary<string, Tensor> saved)
    {
        using var _ = no_grad();
        foreach (var (name, own) in State)
            own.copy_(saved.GetValueOrDefault(name) ?? throw new RunException(FailureCode.DataCorrupt, $"augmenter: {name} is missing from the resume checkpoint"));
    }

    /// <inheritdoc />
    public Tensor Learn(Tensor inputs, Tensor samples, int epoch, double logitFactor)
    {
        using var scope = NewDisposeScope();
        var moved = Moved(inputs, samples, epoch, logitFactor);
        if (moved.shape[0] == 0) return zeros([], device: inputs.device).MoveToOuterDisposeScope();
        using var statistics = new RunningStatistics(_student);
        var loss = _options.Weight * _options.Distance(_student.call(moved), logitFactor * _teacher.Constant(moved)).mean();
        loss.backward();
        return loss.detach().MoveToOuterDisposeScope();
    }

    /// <summary>Auxiliary samples <c>[batch, ...]</c> without a graph.</summary>
    /// <param name="inputs">Where they start.</param>
    /// <param name="logitFactor">The curriculum's factor on the teacher's logits.</param>
    public Tensor Ascend(Tensor inputs, double logitFactor) => _options.Climb(_student, inputs,
        at => _options.Distance(_student.call(at), logitFactor * _teacher.Ask(network => network.call(at))), fixedPart: null, Clamp);

    /// <inheritdoc />
    public void Dispose()
    {
        _low?.Dispose();
        _high?.Dispose();
        _kept?.Dispose();
        _rounds?.Dispose();
    }

    // New samples at the start of a round, made from the first of each batch; in between those of the round, which no later view of their
    // originals changes, each in the batch that its original has come to be in.
    private Tensor Moved(Tensor inputs, Tensor samples, int epoch, double logitFactor)
    {
        if (_kept is null) return Ascend(_options.First(inputs), logitFactor);
        var (rows, round) = (samples.cpu(), epoch / _options.EveryEpochs + 1);
        if (epoch % _options.EveryEpochs != 0)
        {
            var made = rows.masked_select(_rounds!.index_select(0, rows).eq(round));
            return _kept.index_select(0, made).to(inputs.device).to(float32);
        }
        rows = _options.First(rows);
        // Half precision both times, so that a round's first epoch trains on the same numbers as the others.
        var kept = Ascend(_options.First(inputs), logitFactor).to(float16);
        _kept.index_copy_(0, rows, kept.cpu());
        _rounds!.index_fill_(0, rows, round);
        return kept.to(float32);
    }

    private Tensor Clamp(Tensor moved) => _low is null ? moved : moved.maximum(_low).minimum(_high!);

    // A bound on raw values, in normalised inputs: [1, channels, 1, 1].
    private static Tensor Bound(PictureDataset dataset, double raw, Device device) =>
        tensor(dataset.Mean.Zip(dataset.Std, (mean, std) => (float)((raw - mean) / std)).ToArray(), device: device).view(1, -1, 1, 1).DetachFromDisposeScope();
}
