using KdService.Core.Plans;
using KdService.Distillation.Objectives;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

/// <summary>Losses on spans, of texts that differ in length.</summary>
public sealed class SpanLossTests
{
    private const int Length = 9;
    private static readonly long[] Lengths = [9, 4, 7];

    // Sums over the tokens of a text, then means over starts and ends.
    public static TheoryData<Objective> OverTexts =>
    [
        new CrossEntropy(),
        new CrossEntropy { LabelSmoothing = 0.3 },
        new LogitMse { Reduction = MseReduction.Batch },
        new Continuation { Margin = 0.5, Reduction = MseReduction.Batch },
        new Continuation { Margin = 0.5, Reduction = MseReduction.Elements },
        new SoftTargets(),
        new SoftTargets { Standardise = true, Temperature = 2 },
        new SoftTargets { Temperature = 1000, TemperatureSquared = false },
        new SoftTargets { Temperature = 0.01 },
        new DecoupledTargets(),
        new DecoupledTargets { Standardise = true, Temperature = 2 },
    ];

    // Means over all tokens.
    public static TheoryData<Objective> OverTokens => [new LogitMse(), new SoftTargets { Alpha = 1, Reduction = KlReduction.Elements }];

    [Theory]
    [MemberData(nameof(OverTexts))]
    public void Loss_OfTextsOfSeveralLengths_IsTheMeanOfTheTexts(Objective objective) =>
        AssertMean(objective, _ => 1.0 / Lengths.Length);

    [Theory]
    [MemberData(nameof(OverTokens))]
    public void Loss_OverElements_IsTheMeanOfTheTokens(Objective objective) =>
        AssertMean(objective, text => (double)Lengths[text] / Lengths.Sum());

    // The loss of the batch, and its gradient, against those of each text alone, where there is no padding.
    private static void AssertMean(Objective objective, Func<int, double> weight)
    {
        using var scope = NewDisposeScope();
        var (tokens, logits, taught, labels) = Batch();
        var student = logits.clone().requires_grad_();
        var loss = Loss(objective, student, taught, labels, tokens);
        loss.backward();
        var expected = 0.0;
        for (var text = 0; text < Lengths.Length; text++)
        {
            var length = Lengths[text];
            Tensor Of(Tensor all) => all.narrow(0, text, 1).narrow(2, 0, length).detach().clone();
            var alone = Of(logits).requires_grad_();
            var own = Loss(objective, alone, Of(taught), labels.narrow(0, text, 1), Of(tokens));
            own.backward();
            expected += weight(text) * own.item<float>();
            var gradient = student.grad!.narrow(0, text, 1);
            Fixtures.AssertClose(weight(text) * alone.grad!, gradient.narrow(2, 0, length), 1e-5);
            Assert.Equal(0, gradient.narrow(2, length, Length - length).abs().sum().item<float>());
        }
        Assert.Equal(expected, loss.item<float>(), 1e-5 * Math.Max(1, Math.Abs(expected)));
    }

    private static Tensor Loss(Objective objective, Tensor logits, Tensor taught, Tensor labels, Tensor tokens) =>
        ObjectiveFactory.Create(objective, Losses.Context).Loss(new TrainingBatch { Logits = logits, TeacherLogits = taught, Labels = labels, Epoch = 2, Padding = tokens.select(1, 0).lt(0) }.AsRows());

    private static (Tensor Tokens, Tensor Logits, Tensor Taught, Tensor Labels) Batch()
    {
        manual_seed(7);
        var texts = Lengths.Length;
        var padding = arange(Length).unsqueeze(0).ge(tensor(Lengths).unsqueeze(1)); // [texts, length]
        var tokens = stack([ones(texts, Length, dtype: int64).masked_fill(padding, -1), zeros(texts, Length, dtype: int64)], 1);
        // What networks say of padding, both much the same.
        Tensor Logits() => (2 * randn(texts, 2, Length)).masked_fill(padding.unsqueeze(1), float.MinValue / 2);
        return (tokens, Logits(), Logits(), tensor(new long[,] { { 3, 8 }, { 0, 0 }, { 2, 5 } }));
    }
}
