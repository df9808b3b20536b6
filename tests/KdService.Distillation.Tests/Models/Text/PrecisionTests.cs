using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Models.Text;

public sealed class PrecisionTests
{
    private const int Vocabulary = 200;
    private const int Longest = 12;

    [Theory]
    [InlineData("bert-l2-h128", Target.Class)]
    [InlineData("roberta-l2-h128", Target.Value)]
    [InlineData("distilbert-l2-h128", Target.Span)]
    public void Network_InBf16_GivesFloatLogitsAndGradientsNearThoseInFp32(string name, Target target)
    {
        using var scope = NewDisposeScope();
        var network = (TextNetwork)Networks.Build(name, DataShape.Text(Vocabulary, Longest, target, classes: 3), seed: 1);
        network.eval();
        // Texts of which some are padded; not for the logits at padding, which are far from all numbers.
        var tokens = Tokens(padded: target != Target.Span);
        AreNear(network, precision => network.Precision = precision, () => network.call(tokens));
        AreNear(network, precision => network.Precision = precision, () => network.FromWords(network.WordsOf(tokens), tokens));
    }

    [Theory]
    [InlineData("bert-l2-h128")]
    [InlineData("roberta-l2-h128")]
    [InlineData("distilbert-l2-h128")]
    public void Generator_InBf16_GivesFloatLogitsAndGradientsNearThoseInFp32(string name)
    {
        using var scope = NewDisposeScope();
        var network = (MaskedLanguageModel)Networks.Build(name, DataShape.Text(Vocabulary, Longest, Target.Class, 3).OfWords, seed: 1);
        network.eval();
        var tokens = Tokens(padded: true);
        AreNear(network, precision => network.Precision = precision, () => network.At(tokens, tokens.select(1, 0).remainder(4).eq(0)));
    }

    [Fact]
    public void Features_OfANetworkInBf16_AreFloat()
    {
        using var scope = NewDisposeScope();
        var network = (TextNetwork)Networks.Build("bert-l2-h128", DataShape.Text(Vocabulary, Longest, Target.Class, 3), seed: 1);
        network.Precision = Precision.Bf16;
        string[] names = ["bert.encoder.layer.0", "bert.encoder.layer.1.attention.self.scores", Tap.Embedding];
        using var taps = new FeatureTaps(network, names);
        network.call(Tokens(padded: true));
        Assert.All(names, name => Assert.Equal(ScalarType.Float32, taps[name].dtype));
    }

    // bfloat16 has 8 bits of mantissa: products are off by up to 0.4 %, and errors add up over the layers.
    private static void AreNear(nn.Module<Tensor, Tensor> network, Action<Precision> set, Func<Tensor> answer)
    {
        var (exact, exactGradients) = Run(Precision.Fp32);
        var (rounded, roundedGradients) = Run(Precision.Bf16);
        Assert.Equal(ScalarType.Float32, rounded.dtype);
        Assert.InRange(Distance(rounded, exact), 1e-6, 0.02);
        Assert.Equal(exactGradients.Length, roundedGradients.Length);
        foreach (var (gradient, right) in roundedGradients.Zip(exactGradients))
        {
            Assert.Equal(ScalarType.Float32, gradient.dtype);
            Assert.InRange(Distance(gradient, right), 0, 0.05);
        }

        (Tensor, Tensor[]) Run(Precision precision)
        {
            set(precision);
            network.zero_grad();
            var logits = answer();
            logits.pow(2).mean().backward();
            return (logits.detach(), [.. network.parameters().Where(weight => weight.grad is not null && weight.dim() == 2).Select(weight => weight.grad!.clone())]);
        }
    }

    // Of the whole, relative to its size.
    private static double Distance(Tensor one, Tensor right) => ((one - right).norm() / right.norm().clamp(min: 1e-6)).item<float>();

    private static Tensor Tokens(bool padded)
    {
        manual_seed(2);
        var ids = randint(5, Vocabulary, [4, Longest], dtype: int64);
        if (padded) ids[0].narrow(0, 7, Longest - 7).fill_(-1);
        return stack([ids, zeros_like(ids)], 1);
    }
}
