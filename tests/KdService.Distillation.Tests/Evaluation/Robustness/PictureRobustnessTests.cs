using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation.Robustness;
using KdService.Distillation.Models;
using KdService.Distillation.Tests.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Evaluation.Robustness;

public sealed class PictureRobustnessTests
{
    private static readonly Procedural Dataset = new();

    public static TheoryData<PictureAttack> Attacks { get; } = new(
        new Fgsm(), new Fgsm { Norm = ChangeNorm.L2, Epsilon = 128 }, new Pgd(), new Pgd { Norm = ChangeNorm.L2, Epsilon = 128, StepSize = 40 }, new Pgd { RandomStart = false, Steps = 3 });

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Attack_StaysWithinItsBoundAndTheRange_RaisesTheLoss_AndIsTheSameEachTime(PictureAttack attack)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var network = Networks.Build("plane2", classes: 10, seed: 1);
        network.eval();
        var pixels = rand(12, 3, 32, 32).mul_(1.4).sub_(0.2).clamp_(0, 1); // Some values at the ends of the range.
        var labels = network.call(Normalised(pixels)).argmax(1);
        var (changed, tally) = Run(attack, network, pixels, labels);

        Assert.InRange(changed.min().item<float>(), 0f, 1f);
        Assert.InRange(changed.max().item<float>(), 0f, 1f);
        var change = (changed - pixels).flatten(1);
        var size = attack.Norm == ChangeNorm.Linf ? change.abs().max() : change.norm(1).max();
        Assert.InRange(size.item<float>(), 1e-3f, (float)(attack.Epsilon / 255 + 1e-6));
        Assert.True(Loss(changed) > Loss(pixels), "the loss did not rise");
        var report = tally.Report(attack);
        Assert.Equal((12, 12, 1.0), (report.Samples, report.Attacked, report.Clean));
        Assert.Equal(1 - report.Accuracy, report.SuccessRate, 12);
        Assert.Equal(Fixtures.Floats(changed), Fixtures.Floats(Run(attack, network, pixels, labels).Changed));

        double Loss(Tensor at) => nn.functional.cross_entropy(network.call(Normalised(at)), labels).item<float>();
    }

    [Fact]
    public void Fgsm_MovesEveryPixelBySignOfTheLinearModelsGradient()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using var network = new Affine(randn(10, 3072) / 50);
        var pixels = rand(6, 3, 32, 32) * 0.8 + 0.1; // Far from the ends, so that nothing is clamped.
        var logits = network.call(Normalised(pixels));
        var labels = logits.argmax(1);
        // d CE / d pixel = (softmax(W x) - onehot) W / std
        var gradient = (logits.softmax(1) - nn.functional.one_hot(labels, 10)).mm(network.Weight).view(6, 3, 32, 32);
        Fixtures.AssertClose(pixels + 8 / 255.0 * gradient.sign(), Run(new Fgsm(), network, pixels, labels).Changed, 1e-6);
    }

    [Fact]
    public void Attack_MovesPicturesAsPyTorchDoes()
    {
        using var scope = NewDisposeScope();
        var fixture = Fixtures.Read("attacks.json");
        using var network = new TwoLayers(Fixtures.Matrix(fixture.GetProperty("first")), Fixtures.Matrix(fixture.GetProperty("second")));
        var pixels = Fixtures.Vector(fixture.GetProperty("pixels")).view(-1, 3, 4, 4);
        var labels = Fixtures.Integers(fixture.GetProperty("labels"));
        foreach (var expected in fixture.GetProperty("cases").EnumerateArray())
        {
            var (norm, epsilon, steps) = (expected.GetProperty("norm").GetString() == "l2" ? ChangeNorm.L2 : ChangeNorm.Linf, expected.GetProperty("epsilon").GetDouble(), expected.GetProperty("steps").GetInt32());
            PictureAttack attack = steps == 1
                ? new Fgsm { Norm = norm, Epsilon = epsilon }
                : new Pgd { Norm = norm, Epsilon = epsilon, Steps = steps, StepSize = expected.GetProperty("step_size").GetDouble(), RandomStart = false };
            var (changed, tally) = Run(attack, network, pixels, labels);
            Fixtures.AssertClose(Fixtures.Vector(expected.GetProperty("changed")), changed.flatten(), 1e-5);
            Assert.Equal(expected.GetProperty("passes").EnumerateArray().Average(passes => passes.GetInt32()), tally.Report(attack).Queries, 6);
        }
    }

    [Fact]
    public void Attack_StopsWithinABatch()
    {
        using var scope = NewDisposeScope();
        using var network = new Affine(zeros(10, 3072));
        var steps = 0;
        using var attacker = new PictureAttacker(new Pgd { Steps = 10_000 }, Dataset, network, CPU, () => { if (++steps == 3) throw new OperationCanceledException(); });
        Assert.Throws<OperationCanceledException>(() => attacker.Attack(rand(2, 3, 32, 32), zeros(2, int64), [1, 2], new AttackTally()));
    }

    [Fact]
    public void Attack_OnANetworkThatIsConstantOrAlwaysWrong_HasNumbers()
    {
        using var scope = NewDisposeScope();
        using var network = new Affine(zeros(10, 3072));
        var right = Run(new Pgd(), network, rand(4, 3, 32, 32), zeros(4, int64)).Tally.Report(new Pgd());
        Assert.Equal((4, 1.0, 0.0), (right.Attacked, right.Accuracy, right.SuccessRate));
        Assert.Equal(2, right.Warnings.Count); // One answer to everything, and no gradient.
        // Clean picture, each of ten steps, and the end.
        Assert.Equal(12, right.Queries);
        var wrong = Run(new Pgd(), network, rand(4, 3, 32, 32), ones(4, int64)).Tally.Report(new Pgd());
        Assert.Equal((0, 0.0, 0.0, 0.0), (wrong.Attacked, wrong.Clean, wrong.SuccessRate, wrong.Queries));
    }

    [Theory]
    [InlineData(Corruption.GaussianNoise)]
    [InlineData(Corruption.ShotNoise)]
    [InlineData(Corruption.ImpulseNoise)]
    [InlineData(Corruption.GaussianBlur)]
    [InlineData(Corruption.Brightness)]
    [InlineData(Corruption.Contrast)]
    [InlineData(Corruption.Pixelate)]
    [InlineData(Corruption.Jpeg)]
    public void Corruption_IsTheMoreTheSeverer_AndTheSameEachTime(Corruption corruption)
    {
        var picture = ((ImageSet)DatasetLoader.Load(Dataset with { TrainLimit = 10, TestSamples = 100 }, "").Train).Pixels[..3072];
        var (least, most) = (Distance(1), Distance(5));
        Assert.True(0 < least && least < most, $"severity 1 changes by {least}, severity 5 by {most}");
        Assert.Equal(Corrupted(corruption, 3, picture), Corrupted(corruption, 3, picture));

        double Distance(int severity) => picture.Zip(Corrupted(corruption, severity, picture), (a, b) => Math.Pow(a - b, 2)).Average();
    }

    [Fact]
    public void Corruptions_OfAnEvenPicture_AreThoseOfPaperAndPencil()
    {
        var grey = Enumerable.Repeat((byte)100, 3072).ToArray();
        foreach (var same in new[] { Corruption.GaussianBlur, Corruption.Contrast, Corruption.Pixelate }) Assert.Equal(grey, Corrupted(same, 5, grey));
        Assert.All(Corrupted(Corruption.Brightness, 5, grey), value => Assert.Equal(176, value)); // 100 + 0.3 * 255, cut off.
        // A grey block has one coefficient, 8 * (100 - 128) = -224, a multiple of the step of 16 at quality 50.
        Assert.Equal(grey, Corrupted(Corruption.Jpeg, 4, grey));
        Assert.InRange(Corrupted(Corruption.ImpulseNoise, 5, grey).Count(value => value is 0 or 255), 150, 290); // 7 % of 3072 is 215.
        var shots = Corrupted(Corruption.ShotNoise, 5, grey).Select(value => value / 255.0).ToArray();
        Assert.InRange(shots.Average(), 0.38, 0.40);
        // Variance of Poisson(50 v) / 50 is v / 50.
        Assert.InRange(shots.Average(value => Math.Pow(value - shots.Average(), 2)), 0.0070, 0.0087);
    }

    [Fact]
    public void ARun_ReportsAttacksAndCorruptionsOfItsStudent()
    {
        using var folder = new TemporaryFolder();
        var plan = RecordedRun.Plan(new None(), epochs: 2, change: spec => spec with
        {
            Evaluation = spec.Evaluation with
            {
                Attacks = [new Fgsm { Samples = 40 }, new Pgd { Steps = 2, Samples = 30 }],
                Corruptions = new Corruptions { Kinds = [Corruption.Contrast, Corruption.Jpeg], Severities = [1, 5], Samples = 50 },
            },
        });
        List<TrainerEvent> events = [];
        Assert.True(RecordedRun.Of(plan, folder.Path, events.Add));
        var robustness = events.OfType<RunFinished>().Single().Report.Models[^1].Robustness!;
        Assert.Equal(["fgsm 8/255", "pgd 8/255 x2"], robustness.Attacks.Select(attack => attack.Label));
        Assert.Equal([40, 30], robustness.Attacks.Select(attack => attack.Samples));
        Assert.All(robustness.Attacks, attack => Assert.True(attack.Accuracy <= attack.Clean));
        Assert.Equal(4, robustness.Corruptions!.Each.Count);
        Assert.Equal(robustness.Corruptions.Each.Average(each => each.Accuracy), robustness.Corruptions.Accuracy, 12);
    }

    private static byte[] Corrupted(Corruption corruption, int severity, byte[] picture)
    {
        var output = new byte[picture.Length];
        new Corruptor(corruption, severity, 32, 32).Write(picture, output, new SeededRandom(7));
        return output;
    }

    private static (Tensor Changed, AttackTally Tally) Run(PictureAttack attack, nn.Module<Tensor, Tensor> network, Tensor pixels, Tensor labels)
    {
        var tally = new AttackTally();
        using var attacker = new PictureAttacker(attack, Dataset, network, CPU, () => { });
        return (attacker.Attack(pixels, labels, [.. Enumerable.Range(1, (int)pixels.shape[0]).Select(seed => (long)seed)], tally), tally);
    }

    private static Tensor Normalised(Tensor pixels) => (pixels - 0.42f) / 0.24f;

    private sealed class TwoLayers(Tensor first, Tensor second) : nn.Module<Tensor, Tensor>(nameof(TwoLayers))
    {
        public override Tensor forward(Tensor input) => input.flatten(1).mm(first).tanh().mm(second);

        protected override void RegisterComponents()
        {
        }
    }
}
