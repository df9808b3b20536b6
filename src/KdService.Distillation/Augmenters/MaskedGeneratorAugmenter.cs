using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>
/// Rashid et al. (2021, arXiv 2105.05912). Tokens m are hidden, the generator draws others,
/// <c>e'_N = m (s W_N) + (1 - m) W_N[x]</c> with the straight-through Gumbel softmax s and each network's own word embeddings W_N.
/// Max step: <c>phi &lt;- phi + lr grad D(z_T(e'_T), z_S(e'_S))</c>, through both networks to the generator alone. Min step:
/// <c>weight D(z_T(x'), z_S(x'))</c> on the words x' that were drawn, of which s is the one-hot form.
/// </summary>
/// <remarks>
/// As in the official code student and generator are in training mode in both steps, dropout and all, and the teacher in evaluation mode;
/// the curriculum's factor on the teacher's logits holds in the min step only.
/// </remarks>
internal sealed class MaskedGeneratorAugmenter : IAugmenter
{
    private const string GeneratorPrefix = "generator/";
    private const string OptimizerPrefix = "optimizer/";
    private const string SumsName = "sums";

    private readonly MaskedGenerator _options;
    private readonly MaskedLanguageModel _generator;
    private readonly TextNetwork _student;
    private readonly ITeacherSignal _teacher;
    private readonly TokenMasking _masking;
    private readonly bool _predictsValues;
    private readonly OptimizerHelper _optimizer;

    // Since the last point of the series: the generator's batches and their divergences; words that could have been altered, and that were.
    private readonly Tensor _sums;

    /// <summary>Makes samples for a student.</summary>
    /// <param name="options">How.</param>
    /// <param name="generator">The generator, which this takes over.</param>
    /// <param name="student">The network in training.</param>
    /// <param name="teacher">What it is to agree with.</param>
    /// <param name="masking">Hides tokens; this takes it over.</param>
    /// <param name="predictsValues">Whether values are predicted, and no classes.</param>
    public MaskedGeneratorAugmenter(MaskedGenerator options, MaskedLanguageModel generator, TextNetwork student, ITeacherSignal teacher, TokenMasking masking, bool predictsValues)
    {
        (_options, _generator, _student, _teacher, _masking, _predictsValues) = (options, generator, student, teacher, masking, predictsValues);
        _optimizer = Optimizers.Create(new Core.Plans.AdamW { LearningRate = options.LearningRate, WeightDecay = 0 }, generator.parameters());
        _sums = zeros(4, dtype: float64, device: generator.Words.device).DetachFromDisposeScope();
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Tensor> State => new Dictionary<string, Tensor>(
    [
        .. _generator.state_dict().Select(entry => KeyValuePair.Create(GeneratorPrefix + entry.Key, entry.Value)),
        .. Optimizers.State(_optimizer).Select(entry => KeyValuePair.Create(OptimizerPrefix + entry.Key, entry.Value)),
        KeyValuePair.Create(SumsName, _sums),
    ]);

    /// <inheritdoc />
    public void Restore(IReadOnlyDictionary<string, Tensor> saved)
    {
        // The tensors stay the checkpoint's.
        new Snapshot(Within(GeneratorPrefix)).CopyTo(_generator);
        Optimizers.Restore(_optimizer, Within(OptimizerPrefix));
        using var _ = no_grad();
        _sums.copy_(saved.GetValueOrDefault(SumsName) ?? throw new RunException(FailureCode.DataCorrupt, $"augmenter: {SumsName} is missing from the resume checkpoint"));

        Dictionary<string, Tensor> Within(string prefix) =>
            saved.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);
    }

    /// <inheritdoc />
    public bool Claims(long batch) => _options.Claims(batch);

    /// <inheritdoc />
    public void Train(Tensor inputs)
    {
        using var scope = NewDisposeScope();
        var hidden = _masking.Draw(inputs);
        var divergence = DivergenceOf(inputs, hidden, GumbelSoftmax.Disturb(_generator.At(_masking.Hide(inputs, hidden), hidden)));
        _optimizer.zero_grad();
        // Towards the generator's weights alone: those of the student gather no gradients.
        (-divergence).backward(inputs: [.. _generator.parameters()]);
        nn.utils.clip_grad_norm_(_generator.parameters(), _options.MaxGradientNorm);
        _optimizer.step();
        using var _ = no_grad();
        _sums.add_(stack([ones([], float64, _sums.device), divergence.detach().to(float64), zeros([], float64, _sums.device), zeros([], float64, _sums.device)]));
    }

    /// <inheritdoc />
    public Tensor Learn(Tensor inputs, Tensor samples, int epoch, double logitFactor)
    {
        using var scope = NewDisposeScope();
        var loss = LossOn(Altered(inputs), logitFactor);
        loss.backward();
        return loss.detach().MoveToOuterDisposeScope();
    }

    /// <summary>The student's weighted loss on altered texts, a scalar.</summary>
    /// <param name="altered">Texts <c>[batch, 2, length]</c>.</param>
    /// <param name="logitFactor">The curriculum's factor on the teacher's logits.</param>
    public Tensor LossOn(Tensor altered, double logitFactor)
    {
        using var scope = NewDisposeScope();
        return (_options.Weight * Divergence(_student.call(altered), logitFactor * _teacher.Constant(altered))).MoveToOuterDisposeScope();
    }

    /// <summary>The divergence on texts whose hidden tokens were drawn, with the graph back to the draw: a scalar.</summary>
    /// <param name="tokens">Texts <c>[batch, 2, length]</c>.</param>
    /// <param name="hidden">The hidden tokens, bool <c>[batch, length]</c>.</param>
    /// <param name="disturbed">What the generator says of them, with noise, <c>[hidden tokens, vocabulary]</c>.</param>
    public Tensor DivergenceOf(Tensor tokens, Tensor hidden, Tensor disturbed)
    {
        using var scope = NewDisposeScope();
        var drawn = GumbelSoftmax.StraightThrough(disturbed, _options.GumbelTemperature);
        return Divergence(Answer(_student), _teacher.Ask(Answer)).MoveToOuterDisposeScope();

        Tensor Answer(nn.Module<Tensor, Tensor> network)
        {
            var reader = (TextNetwork)network;
            return reader.FromWords(reader.WordsOf(tokens).index_put_(drawn.mm(reader.Words), hidden), tokens);
        }
    }

    /// <summary>Texts in which the generator has filled in hidden tokens, int64 <c>[batch, 2, length]</c>.</summary>
    public Tensor Altered(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var hidden = _masking.Draw(tokens);
        var words = GumbelSoftmax.Disturb(_generator.At(_masking.Hide(tokens, hidden), hidden)).argmax(1);
        var altered = tokens.clone();
        altered.select(1, 0).index_put_(words, hidden);
        var changed = altered.ne(tokens).sum().to(float64);
        _sums.add_(stack([zeros([], float64, _sums.device), zeros([], float64, _sums.device), _masking.Words(tokens).sum().to(float64), changed]));
        return altered.MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<string, double> TakeSeries()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var sums = _sums.cpu().data<double>().ToArray();
        _sums.zero_();
        var series = new Dictionary<string, double>();
        if (sums[0] > 0) series["train/generator_divergence"] = sums[1] / sums[0];
        if (sums[2] > 0) series["train/changed_words"] = sums[3] / sums[2];
        return series;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _optimizer.Dispose();
        _generator.Dispose();
        _masking.Dispose();
        _sums.Dispose();
    }

    // Mean over the batch.
    private Tensor Divergence(Tensor student, Tensor teacher)
    {
        using var scope = NewDisposeScope();
        (student, teacher) = (student.to(float32), teacher.to(float32));
        if (_predictsValues || _options.Divergence == GeneratorDivergence.Logits) return (student - teacher).pow(2).mean().MoveToOuterDisposeScope();
        var (studentLog, teacherLog) = (student.log_softmax(1), teacher.log_softmax(1));
        var terms = teacherLog.exp() * (_options.Divergence == GeneratorDivergence.Kl ? teacherLog - studentLog : -studentLog); // [batch, classes]
        return terms.sum(1).mean().MoveToOuterDisposeScope();
    }
}
