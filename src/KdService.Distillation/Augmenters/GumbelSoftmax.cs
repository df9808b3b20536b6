using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>
/// Draws words from logits so that a loss of what was drawn has a gradient (Jang et al. 2017, arXiv:1611.01144): one word going forward,
/// the softmax going back.
/// </summary>
internal static class GumbelSoftmax
{
    private const double Tiny = 1e-20;

    /// <summary>Logarithms of the probabilities with Gumbel noise, <c>log softmax(u) + g</c>, whose largest is a word drawn from them.</summary>
    /// <param name="logits"><c>[words, vocabulary]</c>.</param>
    public static Tensor Disturb(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var logs = logits.to(float32).log_softmax(1);
        return Disturb(logs, rand(logs.shape, device: logs.device)).MoveToOuterDisposeScope();
    }

    /// <summary>The same with noise from given numbers in [0, 1): <c>g = -log(-log(U + tiny) + tiny)</c>.</summary>
    public static Tensor Disturb(Tensor logs, Tensor uniform)
    {
        using var scope = NewDisposeScope();
        var noise = -((-(uniform + Tiny).log()) + Tiny).log();
        return (logs + noise).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Rows <c>[words, vocabulary]</c> with a one for the word drawn, whose gradient is that of <c>softmax(disturbed / temperature)</c>.
    /// </summary>
    public static Tensor StraightThrough(Tensor disturbed, double temperature)
    {
        using var scope = NewDisposeScope();
        var soft = (disturbed / temperature).softmax(1);
        var hard = zeros_like(soft).scatter_(1, soft.argmax(1, keepdim: true), ones([soft.size(0), 1], device: soft.device, dtype: soft.dtype));
        return ((hard - soft.detach()) + soft).MoveToOuterDisposeScope();
    }
}
