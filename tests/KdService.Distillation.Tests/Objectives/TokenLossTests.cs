using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Distillation.Objectives;
using static KdService.Distillation.Tests.Fixtures;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

/// <summary>Losses on features of tokens against PyTorch's (<c>python/token_losses.py</c>).</summary>
public sealed class TokenLossTests
{
    public static TheoryData<int> PyTorchCases { get; } = new(Enumerable.Range(0, Read("token_losses.json").GetArrayLength()));

    [Theory]
    [MemberData(nameof(PyTorchCases))]
    public void Loss_ItsGradientsAndWhatItLearns_ArePyTorchsWhateverPaddingHolds(int number)
    {
        var expected = Read("token_losses.json")[number];
        using var scope = NewDisposeScope();
        var features = expected.GetProperty("pairs").EnumerateArray().Select(pair => (Student: Array(pair[0]).requires_grad_(), Teacher: Array(pair[1]))).ToArray();
        var loss = Create(expected, features.Length);
        foreach (var weight in expected.GetProperty("learned").EnumerateObject())
        {
            using var _ = no_grad();
            loss.Learned!.get_parameter(weight.Name)!.copy_(Array(weight.Value));
        }
        var value = loss.Loss(Batch(features, Integers(expected.GetProperty("lengths"))));
        value.backward();
        Assert.Equal(expected.GetProperty("loss").GetDouble(), value.item<float>(), 1e-5);
        foreach (var (feature, gradient) in features.Zip(expected.GetProperty("gradients").EnumerateArray())) AssertClose(Array(gradient), feature.Student.grad!);
        foreach (var gradient in expected.GetProperty("learned_gradients").EnumerateObject()) AssertClose(Array(gradient.Value), loss.Learned!.get_parameter(gradient.Name)!.grad!);
    }

    [Theory]
    [MemberData(nameof(PyTorchCases))]
    public void Loss_OfAStudentThatSaysWhatItsTeacherSays_IsNone(int number)
    {
        var expected = Read("token_losses.json")[number];
        if (expected.GetProperty("learned").EnumerateObject().Any()) return;
        using var scope = NewDisposeScope();
        var features = expected.GetProperty("pairs").EnumerateArray().Select(pair => (Student: Array(pair[1]), Teacher: Array(pair[1]))).ToArray();
        Assert.Equal(0, Create(expected, features.Length).Loss(Batch(features, Integers(expected.GetProperty("lengths")))).item<float>(), 1e-6);
    }

    private static IObjective Create(JsonElement expected, int pairs)
    {
        Tap Tap(int side, int pair)
        {
            int[] shape = [.. expected.GetProperty("shapes")[side].EnumerateArray().Select(size => size.GetInt32())];
            return new($"{pair}", shape) { Kind = shape.Length == 3 ? FeatureKind.Scores : FeatureKind.States };
        }
        return ObjectiveFactory.Create(Json.Read<Objective>(expected.GetProperty("objective").GetRawText()),
            Losses.Context with { Taps = [.. Enumerable.Range(0, pairs).Select(pair => (Tap(0, pair), Tap(1, pair)))] });
    }

    // Features as networks give them: at padding there is something, too, and scores of it are hugely negative.
    private static TrainingBatch Batch((Tensor Student, Tensor Teacher)[] features, Tensor lengths)
    {
        var length = features[0].Student.size(-2);
        var padding = arange(length).unsqueeze(0).ge(lengths.unsqueeze(1)); // [texts, length]
        Tensor AsGiven(Tensor feature) => feature.dim() == 4
            ? feature.masked_fill(padding.unsqueeze(1).unsqueeze(1), float.MinValue / 2)
            : feature.masked_fill(padding.unsqueeze(2), 7);
        return new TrainingBatch
        {
            Logits = zeros(lengths.size(0), 2),
            Labels = zeros(lengths.size(0), dtype: int64),
            Padding = padding,
            Features = features.Index().ToDictionary(pair => $"{pair.Index}", pair => AsGiven(pair.Item.Student)),
            TeacherFeatures = features.Index().ToDictionary(pair => $"{pair.Index}", pair => AsGiven(pair.Item.Teacher)),
        };
    }
}
