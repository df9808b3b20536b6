using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Distillation.Objectives;
using static KdService.Distillation.Tests.Fixtures;
using static KdService.Distillation.Tests.Objectives.Losses;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

public class ObjectiveTests
{
    public static TheoryData<int> PyTorchCases { get; } = new(Enumerable.Range(0, Read("objectives.json").GetArrayLength()));

    [Theory]
    [MemberData(nameof(PyTorchCases))]
    public void Loss_AndItsGradient_ArePyTorchs(int number)
    {
        var expected = Read("objectives.json")[number];
        using var scope = NewDisposeScope();
        var batch = new TrainingBatch
        {
            Logits = Matrix(expected.GetProperty("logits")),
            Labels = Integers(expected.GetProperty("labels")),
            TeacherLogits = Matrix(expected.GetProperty("teacher")),
            Epoch = expected.TryGetProperty("epoch", out var epoch) ? epoch.GetInt32() : 0,
            LogitFactor = expected.TryGetProperty("factor", out var factor) ? factor.GetDouble() : 1,
        };
        var context = expected.TryGetProperty("epochs", out var epochs) ? Context with { Epochs = epochs.GetInt32() } : Context;
        var (loss, gradient) = LossAndGradient(Json.Read<Objective>(expected.GetProperty("objective").GetRawText()), batch, context);
        var right = expected.GetProperty("loss").GetDouble();
        Assert.True(Math.Abs(loss - right) <= 1e-5 * Math.Max(1, right), $"{loss} given; {right} is right");
        AssertClose(Matrix(expected.GetProperty("gradient")), gradient);
    }

    [Fact]
    public void CrossEntropy_Smoothed_IsKdFromAUniformTeacher()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(1);
        var (smoothed, smoothedGradient) = LossAndGradient(new CrossEntropy { LabelSmoothing = 0.1 }, logits, labels, null);
        var (kd, kdGradient) = LossAndGradient(new SoftTargets { Alpha = 0.1, Temperature = 1 }, logits, labels, zeros_like(logits));
        // The losses differ by the entropy of the teacher, eps log K, which no gradient sees.
        Assert.Equal(smoothed, kd + 0.1 * Math.Log(10), 5);
        AssertClose(smoothedGradient, kdGradient);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(1, false)]
    [InlineData(4, false)]
    public void Kd_RescalesTheGradientOfTheTrueClass_AsTangEtAlDerive(double temperature, bool squared)
    {
        const double Lambda = 0.7;
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(2);
        var (_, kd) = LossAndGradient(new SoftTargets { Alpha = Lambda, Temperature = temperature, TemperatureSquared = squared }, logits, labels, teacher);
        var (_, plain) = LossAndGradient(new CrossEntropy(), logits, labels, null);
        var column = labels.unsqueeze(1);
        var (q, softQ, softP) = (logits.softmax(1).gather(1, column), (logits / temperature).softmax(1).gather(1, column), (teacher / temperature).softmax(1).gather(1, column));
        // w_t = (1 - lambda) + lambda/T (p~_t - q~_t) / (1 - q_t), and lambda T with the factor T^2 in the loss.
        var expected = 1 - Lambda + (squared ? Lambda * temperature : Lambda / temperature) * (softP - softQ) / (1 - q);
        var (ofTrue, ofOthers) = (kd.gather(1, column) / plain.gather(1, column),
            (kd.sum([1], keepdim: true) - kd.gather(1, column)) / (plain.sum([1], keepdim: true) - plain.gather(1, column)));
        AssertClose(expected, ofTrue, 1e-4);
        // Gradients add up to 0, so the sum over the other classes is rescaled alike.
        AssertClose(expected, ofOthers, 1e-3);
    }

    [Fact]
    public void Kd_AtAHighTemperature_PullsLogitsTogetherWithAStrengthThatDoesNotDependOnIt()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(3);
        (logits, teacher) = (logits - logits.mean([1], keepdim: true), teacher - teacher.mean([1], keepdim: true));
        // Hinton et al. 2015, equation 4: with zero-mean logits the gradient tends to (z_S - z_T) / (K T^2), times T^2 here.
        var limit = (logits - teacher) / (10.0 * logits.shape[0]);
        foreach (var temperature in new[] { 100, 200 })
        {
            var (_, gradient) = LossAndGradient(new SoftTargets { Alpha = 1, Temperature = temperature }, logits, labels, teacher);
            AssertClose(limit, gradient, 5e-3);
            var (_, unscaled) = LossAndGradient(new SoftTargets { Alpha = 1, Temperature = temperature, TemperatureSquared = false }, logits, labels, teacher);
            AssertClose(gradient, unscaled * temperature * temperature);
        }
    }

    [Fact]
    public void Reductions_OverElements_AreKTimesWeakerThanOverTheBatch()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(4);
        var kd = new SoftTargets { Alpha = 1 };
        AssertClose(LossAndGradient(kd, logits, labels, teacher).Gradient,
            10 * LossAndGradient(kd with { Reduction = KlReduction.Elements }, logits, labels, teacher).Gradient);
        var mse = new LogitMse { Reduction = MseReduction.Batch };
        AssertClose(LossAndGradient(mse, logits, labels, teacher).Gradient,
            10 * LossAndGradient(mse with { Reduction = MseReduction.Elements }, logits, labels, teacher).Gradient);
    }

    [Fact]
    public void Annealing_WithMaxTemperatureOne_IsLogitMseFromTheFirstEpoch()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(5);
        var factor = new Curriculum { Source = "teacher", AnnealFrom = 1 }.LogitFactor(0, 7);
        Assert.Equal(1, factor);
        AssertClose(2 * (logits - teacher) / logits.numel(), LossAndGradient(new LogitMse(), logits, labels, factor * teacher).Gradient);
    }

    [Fact]
    public void Objectives_AStudentThatEqualsItsTeacher_HasNothingToLearnFromIt()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(6);
        foreach (var objective in new Objective[] { new SoftTargets { Alpha = 1 }, new LogitMse(), new LogitMse { Reduction = MseReduction.Batch } })
        {
            var (loss, gradient) = LossAndGradient(objective, logits, labels, logits.clone());
            Assert.Equal(0, loss, 6);
            AssertClose(zeros_like(logits), gradient, 1e-6);
        }
    }

    [Theory]
    [InlineData(1, 1e4)]
    [InlineData(1e4, 1)]
    [InlineData(1e4, 1e4)]
    [InlineData(1e4, -1e4)]
    [InlineData(1e-6, 0)]
    public void Loss_OfExtremeLogits_StaysFinite(double studentScale, double teacherScale)
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(7);
        foreach (var objective in OnLogits.Concat(Softened.Select(softened => softened with { Standardise = true })).Concat(Softened.Select(softened => softened with { Temperature = 0.5 })))
        {
            var (loss, gradient) = LossAndGradient(objective, studentScale * logits, labels, teacherScale * logits);
            Assert.True(double.IsFinite(loss), $"{objective}: {loss}");
            Assert.All(Floats(gradient), value => Assert.True(float.IsFinite(value), $"{objective}: a gradient of {value}"));
        }
    }

    [Fact]
    public void Loss_OverAThousandSteps_LeavesNoTensorBehind()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(11, batch: 4);
        var batch = new TrainingBatch { Logits = logits.requires_grad_(), Labels = labels, TeacherLogits = teacher };
        foreach (var objective in OnLogits.Select(objective => ObjectiveFactory.Create(objective, Context)))
        {
            objective.Loss(batch).backward();
            var before = LiveTensors.Settled();
            for (var step = 0; step < 1000; step++)
            {
                using var loss = objective.Loss(batch);
                loss.backward();
            }
            Assert.Equal(before, Tensor.TotalCount);
        }
    }

    [Fact]
    public void Loss_WithoutTheTeacherItNeeds_IsRefused()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, _) = RandomBatch(8);
        Assert.All(OnLogits.Where(objective => objective.NeedsTeacher), objective => Assert.Throws<InvalidOperationException>(() => LossAndGradient(objective, logits, labels, null)));
    }

    [Fact]
    public void Create_EveryObjectiveThatASpecMayName_HasALoss()
    {
        foreach (var type in Union.Of(typeof(Objective))!.Cases.Values)
            Assert.NotNull(ObjectiveFactory.Create((Objective)Activator.CreateInstance(type)!, Context));
    }

    [Fact]
    public void Loss_OfHalfPrecisionLogits_IsComputedInSinglePrecision()
    {
        using var scope = NewDisposeScope();
        var (logits, labels, teacher) = RandomBatch(9);
        foreach (var objective in OnLogits)
        {
            using var loss = ObjectiveFactory.Create(objective, Context).Loss(new TrainingBatch { Logits = logits.to(bfloat16), Labels = labels, TeacherLogits = teacher.to(bfloat16) });
            Assert.Equal(ScalarType.Float32, loss.dtype);
        }
    }
}
