using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Distillation.Augmenters;
using KdService.Distillation.Models;
using KdService.Distillation.Tests.Training;
using KdService.Distillation.Training;
using static KdService.Distillation.Tests.Fixtures;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Augmenters;

public sealed class BackwardPassTests
{
    private static readonly Plan Pictures = RecordedRun.Plan(new Kd(), epochs: 2);

    [Theory]
    [InlineData(AscentStep.Raw)]
    [InlineData(AscentStep.L2)]
    [InlineData(AscentStep.Sign)]
    public void Ascent_OnLinearNetworks_IsTheClosedForm(AscentStep step)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var student = new Affine(randn(10, 3 * 32 * 32) / 50);
        using var teacher = new Affine(randn(10, 3 * 32 * 32) / 50);
        using var signal = Signal(teacher);
        var inputs = 0.3 * randn(4, 3, 32, 32);
        using var augmenter = Augmenter(new BackwardPass { Steps = 1, StepSize = 0.01, Step = step }, student, signal);
        // grad_x || (A - phi B) x ||^2 / K = 2/K (A - phi B)^T (A - phi B) x
        const double Phi = 0.7;
        var difference = student.Weight - Phi * teacher.Weight;
        var gradient = 0.2 * inputs.flatten(1).mm(difference.t()).mm(difference);
        var direction = step switch
        {
            AscentStep.Raw => gradient,
            AscentStep.L2 => gradient / gradient.norm(1, keepdim: true),
            _ => gradient.sign(),
        };
        AssertClose(inputs + 0.01 * direction.view(4, 3, 32, 32), augmenter.Ascend(inputs, Phi), 1e-5);
    }

    [Fact]
    public void Ascent_OfKl_FollowsFiniteDifferences()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var student = new Affine(randn(10, 3 * 32 * 32) / 20);
        using var teacher = new Affine(randn(10, 3 * 32 * 32) / 20);
        using var signal = Signal(teacher);
        var inputs = 0.3 * randn(1, 3, 32, 32);
        using var augmenter = Augmenter(new BackwardPass { Divergence = Divergence.Kl, Steps = 1, StepSize = 1e-3, Step = AscentStep.Raw }, student, signal);
        var gradient = ((augmenter.Ascend(inputs, 1) - inputs) / 1e-3).flatten();
        var direction = randn(gradient.numel());
        direction /= direction.norm();
        const double H = 0.05;
        var slope = (Kl(inputs + H * direction.view(1, 3, 32, 32)) - Kl(inputs - H * direction.view(1, 3, 32, 32))) / (2 * H);
        Assert.Equal(slope, gradient.dot(direction).item<float>(), 2e-3);

        double Kl(Tensor at)
        {
            var (p, q) = (teacher.call(at).to(float64).log_softmax(1), student.call(at).to(float64).log_softmax(1));
            return (p.exp() * (p - q)).sum().item<double>();
        }
    }

    [Fact]
    public void Samples_OfAPictureSet_DisagreeMoreAndStayPictures()
    {
        using var scope = NewDisposeScope();
        using var student = Networks.Build("resnet8", classes: 10, seed: 1);
        using var network = Networks.Build("resnet8", classes: 10, seed: 2);
        using var signal = Signal(network);
        using var augmenter = Augmenter(new BackwardPass { Steps = 5, StepSize = 0.2 }, student, signal);
        var inputs = (rand(8, 3, 32, 32) - 0.42) / 0.24;
        var moved = augmenter.Ascend(inputs, 1);
        Assert.True(Disagreement(moved) > Disagreement(inputs), "the samples do not disagree more than their originals");
        var pixels = moved * 0.24 + 0.42;
        Assert.InRange(pixels.min().item<float>(), -1e-5f, 0.01f);
        Assert.InRange(pixels.max().item<float>(), 0.99f, 1 + 1e-5f);
        Assert.True(student.training);

        float Disagreement(Tensor at)
        {
            student.eval();
            var distance = (student.call(at) - network.call(at)).pow(2).sum().item<float>();
            student.train();
            return distance;
        }
    }

    [Fact]
    public void Loss_OnSamples_LeavesRunningStatisticsAndTheTeacherAsTheyWere()
    {
        using var scope = NewDisposeScope();
        using var student = Networks.Build("resnet8", classes: 10, seed: 1);
        using var network = Networks.Build("resnet8", classes: 10, seed: 2);
        using var signal = Signal(network);
        using var augmenter = Augmenter(new BackwardPass(), student, signal);
        using var statistics = Snapshot.Of(student);
        using var teacher = Snapshot.Of(network);
        augmenter.Learn((rand(8, 3, 32, 32) - 0.42) / 0.24, arange(8), epoch: 0, logitFactor: 1);
        using var after = Snapshot.Of(student);
        using var teacherAfter = Snapshot.Of(network);
        Assert.Equal(statistics.Digest(), after.Digest());
        Assert.Equal(teacher.Digest(), teacherAfter.Digest());
        Assert.All(network.parameters(), parameter => Assert.Null(parameter.grad));
        Assert.All(student.parameters(), parameter => Assert.NotNull(parameter.grad));
    }

    [Fact]
    public void Samples_OfARound_AreThoseOfItsFirstEpoch()
    {
        using var scope = NewDisposeScope();
        using var student = Networks.Build("resnet8", classes: 10, seed: 1);
        using var network = Networks.Build("resnet8", classes: 10, seed: 2);
        using var signal = Signal(network);
        using var augmenter = Augmenter(new BackwardPass { EveryEpochs = 2 }, student, signal);
        var (inputs, others, rows) = ((rand(8, 3, 32, 32) - 0.42) / 0.24, (rand(8, 3, 32, 32) - 0.42) / 0.24, arange(8));
        student.eval(); // So that the loss depends on nothing but the samples.
        var first = augmenter.Learn(inputs, rows, epoch: 0, logitFactor: 1).item<float>();
        Assert.Equal(first, augmenter.Learn(others, rows, epoch: 1, logitFactor: 1).item<float>());
        Assert.NotEqual(first, augmenter.Learn(others, rows, epoch: 2, logitFactor: 1).item<float>());
    }

    [Fact]
    public void Samples_OfAPartOfEachBatch_AreShownWhereTheirOriginalsCome()
    {
        using var scope = NewDisposeScope();
        using var student = Networks.Build("resnet8", classes: 10, seed: 1);
        using var network = Networks.Build("resnet8", classes: 10, seed: 2);
        using var signal = Signal(network);
        using var augmenter = Augmenter(new BackwardPass { EveryEpochs = 2, Ratio = 0.5 }, student, signal);
        var inputs = (rand(8, 3, 32, 32) - 0.42) / 0.24;
        student.eval(); // So that the loss depends on nothing but the samples.
        // Two batches; of each its first half is moved: samples 0 and 1, and 4 and 5.
        float Learn(long[] samples, int epoch) => augmenter.Learn(inputs.index_select(0, tensor(samples)), tensor(samples), epoch, logitFactor: 1).item<float>();
        var (first, second) = (Learn([0, 1, 2, 3], 0), Learn([4, 5, 6, 7], 0));
        // Shuffled: none of the moved ones, then all four.
        Assert.Equal(0, Learn([2, 6, 3, 7], 1));
        Assert.Equal((first + second) / 2, Learn([5, 0, 4, 1], 1), 1e-5);
        // The next round moves others; those of the last are gone.
        Learn([2, 6, 0, 1], 2);
        Assert.Equal(0, Learn([0, 1, 4, 5], 3));
    }

    private static LiveSignal Signal(nn.Module<Tensor, Tensor> network) => new(new TeacherNetwork("teacher", network, ""), owned: false, [], CPU, default);

    private static BackwardPassAugmenter Augmenter(BackwardPass options, nn.Module<Tensor, Tensor> student, ITeacherSignal teacher) => new(options, Pictures, student, teacher, CPU);
}
