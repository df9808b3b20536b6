using KdService.Core.Plans;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>
/// Jafari et al. (2023, arXiv 2301.12006), for texts: words move in the student's embedding space, <c>e' &lt;- e' + eta grad_e D(S(e'), T(Q e'))</c>,
/// and the teacher reads them through the least-squares map Q between the two tables of word embeddings, fitted anew for every batch since the
/// student's moves. Special tokens and padding stay what they are, in either network its own; positions and segments are added after.
/// </summary>
internal sealed class TextBackwardPassAugmenter : IAugmenter
{
    private readonly BackwardPass _options;
    private readonly TextNetwork _student;
    private readonly ITeacherSignal _teacher;
    private readonly TokenMasking _masking;

    /// <summary>Makes auxiliary samples for a student.</summary>
    /// <param name="options">How.</param>
    /// <param name="student">The network in training.</param>
    /// <param name="teacher">What it is to agree with.</param>
    /// <param name="masking">Tells words from special tokens; this takes it over.</param>
    public TextBackwardPassAugmenter(BackwardPass options, TextNetwork student, ITeacherSignal teacher, TokenMasking masking) =>
        (_options, _student, _teacher, _masking) = (options, student, teacher, masking);

    /// <inheritdoc />
    public IReadOnlyDictionary<string, Tensor> State => new Dictionary<string, Tensor>();

    /// <inheritdoc />
    public void Restore(IReadOnlyDictionary<string, Tensor> saved)
    {
        // Nothing outlasts a batch.
    }

    /// <inheritdoc />
    public Tensor Learn(Tensor inputs, Tensor samples, int epoch, double logitFactor)
    {
        using var scope = NewDisposeScope();
        var tokens = _options.First(inputs);
        using var reading = new Reading(this, tokens);
        var moved = Ascend(reading, logitFactor);
        Tensor constant;
        using (no_grad()) constant = logitFactor * Taught(reading, moved);
        var loss = _options.Weight * _options.Distance(_student.FromWords(moved, tokens), constant).mean();
        loss.backward();
        return loss.detach().MoveToOuterDisposeScope();
    }

    /// <summary>Embeddings for the student, <c>[batch, length, hidden]</c>, without a graph.</summary>
    /// <param name="tokens">The texts whose words they start from, <c>[batch, 2, length]</c>.</param>
    /// <param name="logitFactor">The curriculum's factor on the teacher's logits.</param>
    public Tensor Ascend(Tensor tokens, double logitFactor)
    {
        using var reading = new Reading(this, tokens);
        return Ascend(reading, logitFactor);
    }

    private Tensor Ascend(Reading reading, double logitFactor) => _options.Climb(_student, _student.WordsOf(reading.Tokens),
        at => _options.Distance(_student.FromWords(at, reading.Tokens), logitFactor * Taught(reading, at)), reading.Fixed, moved => moved);

    /// <inheritdoc />
    public void Dispose() => _masking.Dispose();

    // The teacher's logits for embeddings of the student's.
    private Tensor Taught(Reading reading, Tensor words) => _teacher.Ask(network =>
    {
        var reader = (TextNetwork)network;
        return reader.FromWords(where(reading.Fixed, reader.WordsOf(reading.Tokens), words.matmul(reading.MapTo(reader))), reading.Tokens);
    });

    /// <summary>A batch of texts on its way through the networks.</summary>
    private sealed class Reading(TextBackwardPassAugmenter augmenter, Tensor tokens) : IDisposable
    {
        private readonly Dictionary<TextNetwork, Tensor> _maps = [];

        public Tensor Tokens => tokens;

        /// <summary>What does not move: special tokens and padding, bool <c>[batch, length, 1]</c>.</summary>
        public Tensor Fixed { get; } = augmenter._masking.Words(tokens).logical_not().unsqueeze(2).DetachFromDisposeScope();

        /// <summary>The map from the student's embeddings to a network's.</summary>
        public Tensor MapTo(TextNetwork network)
        {
            if (!_maps.TryGetValue(network, out var map)) _maps[network] = map = WordMap.Between(augmenter._student.Words, network.Words).DetachFromDisposeScope();
            return map;
        }

        public void Dispose()
        {
            Fixed.Dispose();
            foreach (var map in _maps.Values) map.Dispose();
        }
    }
}
