using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>
/// From one network's word embeddings to another's, of the same vocabulary: <c>Q = argmin || Q W_S - W_T ||^2 = W_T W_S^T (W_S W_S^T)^-1</c>
/// with a word in each column. Jafari et al. (2023), for texts.
/// </summary>
internal static class WordMap
{
    /// <summary>Q transposed, <c>[hidden of S, hidden of T]</c>: embeddings in rows are mapped by multiplying with it.</summary>
    /// <param name="from">W_S with a word in each row, <c>[vocabulary, hidden of S]</c>; its columns are independent.</param>
    /// <param name="to">W_T, <c>[vocabulary, hidden of T]</c>.</param>
    public static Tensor Between(Tensor from, Tensor to)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // In double precision: the normal equations square the condition.
        var (words, images) = (from.detach().to(float64), to.detach().to(float64));
        return linalg.solve(words.t().mm(words), words.t().mm(images)).to(float32).MoveToOuterDisposeScope();
    }
}
