using FsCheck;
using FsCheck.Fluent;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation;
using KdService.Distillation.Models;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Evaluation;

public class EvaluatorTests
{
    [Fact]
    public void Evaluate_AHandfulOfSamples_GivesTheNumbersOfPaperAndPencil()
    {
        using var scope = NewDisposeScope();
        // Probabilities 0.8/0.2, 0.6/0.4 and 0.3/0.7.
        var logits = tensor(new[] { Log(0.8), Log(0.2), Log(0.6), Log(0.4), Log(0.3), Log(0.7) }).reshape(3, 2);
        var teacher = tensor(new[] { Log(0.5), Log(0.5), Log(0.1), Log(0.9), Log(0.3), Log(0.7) }).reshape(3, 2);
        var result = Evaluator.Evaluate(logits, [0, 1, 1], teacher, calibrationBins: 2);
        Assert.Equal(3, result.Samples);
        Assert.Equal(2 / 3.0, result.Accuracy!.Value, 6);
        Assert.Equal(-(Math.Log(0.8) + Math.Log(0.4) + Math.Log(0.7)) / 3, result.Nll!.Value, 6);
        // One bin, (0.5, 1]: accuracy 2/3, mean confidence 0.7.
        Assert.Equal(0.7 - 2 / 3.0, result.Ece!.Value, 6);
        // A tie goes to the first class, as argmax.
        Assert.Equal(2 / 3.0, result.Agreement!.Value, 6);
        var first = 0.5 * Math.Log(0.5 / 0.8) + 0.5 * Math.Log(0.5 / 0.2);
        var second = 0.1 * Math.Log(0.1 / 0.6) + 0.9 * Math.Log(0.9 / 0.4);
        Assert.Equal((first + second) / 3, result.TeacherKl!.Value, 6);
    }

    [Fact]
    public void Evaluate_RandomLogits_AgreesWithTorchsOwnFunctions()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (logits, teacher, labels) = (3 * randn(200, 10), 3 * randn(200, 10), randint(10, new long[] { 200 }, int64));
        var result = Evaluator.Evaluate(logits, Labels(labels), teacher, 15);
        Assert.Equal(logits.argmax(1).eq(labels).to(float64).mean().item<double>(), result.Accuracy!.Value, 9);
        Assert.Equal(nn.functional.cross_entropy(logits, labels).item<float>(), result.Nll!.Value, 4);
        Assert.Equal(logits.argmax(1).eq(teacher.argmax(1)).to(float64).mean().item<double>(), result.Agreement!.Value, 9);
        var kl = nn.functional.kl_div(logits.log_softmax(1), teacher.log_softmax(1), log_target: true, reduction: nn.Reduction.Sum) / 200;
        Assert.Equal(kl.item<float>(), result.TeacherKl!.Value, 4);
    }

    [Fact]
    public void Evaluate_ATeacherThatIsTheStudent_AgreesEverywhereWithNoDivergence()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var logits = 3 * randn(50, 10);
        var result = Evaluator.Evaluate(logits, new int[50], logits, 15);
        Assert.Equal(1, result.Agreement);
        Assert.Equal(0, result.TeacherKl);
        Assert.Null(Evaluator.Evaluate(logits, new int[50], null, 15).Agreement);
    }

    [Fact]
    public void CalibrationError_AnySamples_IsThatOfTheDefinition() => Prop.ForAll(
        // Never on the edge of a bin, where rounding decides.
        Gen.Choose(0, 1000).Select(part => (part + 0.37) / 1001).Zip(Gen.Elements(true, false)).NonEmptyListOf().ToArbitrary(),
        Gen.Choose(2, 20).ToArbitrary(),
        (samples, bins) =>
        {
            var error = new CalibrationError(bins);
            foreach (var (confidence, correct) in samples) error.Add(confidence, correct);
            var expected = 0.0;
            for (var bin = 0; bin < bins; bin++)
            {
                var (low, high) = ((double)bin / bins, (double)(bin + 1) / bins);
                var inside = samples.Where(sample => sample.Item1 > low && sample.Item1 <= high).ToList();
                if (inside.Count == 0) continue;
                var (accuracy, confidence) = (inside.Average(sample => sample.Item2 ? 1.0 : 0), inside.Average(sample => sample.Item1));
                expected += (double)inside.Count / samples.Count * Math.Abs(accuracy - confidence);
            }
            return Math.Abs(expected - error.Value) <= 1e-9;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void CalibrationError_OnTheEdgeOfABin_BelongsToTheBinBelow()
    {
        var error = new CalibrationError(2);
        error.Add(0.5, correct: true);
        error.Add(0.5, correct: false);
        error.Add(1, correct: true);
        error.Add(0, correct: false);
        // (0, 0.5]: three samples, one right, confidences 0.5, 0.5 and 0; (0.5, 1]: one, right.
        Assert.Equal(0, error.Value, 12);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Evaluate_ALogitThatIsNotFinite_IsDivergence(float bad)
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 1f, 2f, 3f, bad }).reshape(2, 2);
        Assert.Equal(FailureCode.Diverged, Assert.Throws<RunException>(() => Evaluator.Evaluate(logits, [0, 1], null, 15)).Code);
    }

    [Fact]
    public void Evaluate_ShapesThatDiffer_AreRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(zeros(3, 10), [0, 1], null, 15));
        Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(zeros(2, 10), [0, 1], zeros(2, 9), 15));
        Assert.Throws<ArgumentException>(() => Evaluator.Evaluate(zeros(0, 10), [], null, 15));
    }

    [Fact]
    public void Logits_InBatchesOfAnySize_AreTheSameAndTheModeIsRestored()
    {
        var dataset = new Procedural { Samples = 100, TestSamples = 100 };
        var (train, _) = DatasetLoader.Load(dataset, "");
        var batches = new SampleBatches(train, dataset, CPU);
        using var network = Networks.Build("resnet8", 10, seed: 1);
        int[] indices = [5, 3, 99, 0, 41, 7, 8];
        using var whole = Evaluator.Logits(network, batches, indices, 100);
        using var inPieces = Evaluator.Logits(network, batches, indices, 3);
        Assert.True(network.training);
        Assert.Equal([7, 10], whole.shape);
        Fixtures.AssertClose(whole, inPieces);
        Assert.Equal(0, network.state_dict()["bn1.num_batches_tracked"].item<long>());
        Assert.False(whole.requires_grad);

        network.eval();
        Evaluator.Logits(network, batches, indices, 3).Dispose();
        Assert.False(network.training);
    }

    private static float Log(double probability) => (float)Math.Log(probability);

    private static int[] Labels(Tensor labels) => [.. labels.data<long>().ToArray().Select(label => (int)label)];
}
