using KdService.Core.Architectures;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Models.Text;

/// <summary>The texts that an encoder reads: what its modules need to know beside the tensor that they hand on.</summary>
internal sealed class Reading
{
    /// <summary>What is added to scores and logits at padding: as good as minus infinity, and finite.</summary>
    public const float Masked = float.MinValue / 2;

    private Tensor? _ids;

    /// <summary>Tokens <c>[batch, length]</c>, with the padding's at padding.</summary>
    public Tensor Ids => _ids ?? throw new InvalidOperationException("no texts are being read");

    /// <summary>Segments <c>[batch, length]</c>; null in a network that knows none.</summary>
    public Tensor? Segments { get; private set; }

    /// <summary><c>[batch, 1, 1, length]</c>: zero at tokens, <see cref="Masked"/> at padding; null where nothing is padding.</summary>
    public Tensor? Mask { get; private set; }

    /// <summary>Takes up texts; what it holds of them lives in the dispose scope of the caller.</summary>
    /// <param name="tokens"><c>[batch, 2, length]</c>, as a <see cref="TextNetwork"/> takes them.</param>
    /// <param name="size">The encoder.</param>
    /// <param name="type">The type of its numbers.</param>
    /// <exception cref="ArgumentException">The tensor is of another shape, or the texts are longer than the encoder reads.</exception>
    public void Open(Tensor tokens, Transformer size, ScalarType type)
    {
        if (tokens.dim() != 3 || tokens.size(1) != 2 || tokens.dtype != ScalarType.Int64)
            throw new ArgumentException($"tokens: {tokens.dtype} [{string.Join(", ", tokens.shape)}] given; Int64 [batch, 2, length] is right", nameof(tokens));
        if (tokens.size(2) > Transformer.LongestText)
            throw new ArgumentException($"tokens: texts of {tokens.size(2)} tokens given; at most {Transformer.LongestText}, the position table's length", nameof(tokens));
        var ids = tokens.select(1, 0);
        Segments = size.Segments > 1 ? tokens.select(1, 1) : null;
        // Elsewhere than on the CPU, looking would make the program wait for the device.
        if (ids.device_type == DeviceType.CPU && ids.min().item<long>() >= 0)
        {
            (_ids, Mask) = (ids, null);
            return;
        }
        var padding = ids.lt(0);
        _ids = ids.masked_fill(padding, size.PaddingToken);
        Mask = zeros(padding.shape, type, ids.device).masked_fill_(padding, Masked).unsqueeze(1).unsqueeze(1);
    }
}
