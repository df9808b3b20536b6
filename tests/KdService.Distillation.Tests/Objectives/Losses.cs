using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Distillation.Objectives;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

/// <summary>Batches to try losses on.</summary>
internal static class Losses
{
    public const int Classes = 10;

    /// <summary>What losses are made for here; the teacher's classifier is one that python/make_fixtures.py has too.</summary>
    public static ObjectiveContext Context { get; } = new() { Classes = Classes, TrainSamples = 100, Epochs = 10, TeacherClassifier = Classifier() };

    /// <summary>Every loss that reads logits only, with its defaults.</summary>
    public static IReadOnlyList<Objective> OnLogits { get; } =
        [.. Softened, new CrossEntropy(), new LogitMse(), new Continuation()];

    /// <summary>Every loss with a temperature, with its defaults.</summary>
    public static IReadOnlyList<TemperedObjective> Softened =>
        [.. Union.Of(typeof(Objective))!.Cases.Values.Where(type => type.IsSubclassOf(typeof(TemperedObjective))).Select(type => (TemperedObjective)Activator.CreateInstance(type)!)];

    /// <summary>Logits with a standard deviation of 2.</summary>
    public static (Tensor Logits, Tensor Labels, Tensor Teacher) RandomBatch(long seed, int batch = 16, int classes = Classes)
    {
        manual_seed(seed);
        return (2 * randn(batch, classes), randint(classes, new long[] { batch }, int64), 2 * randn(batch, classes));
    }

    /// <summary>A loss and what it makes of the student's logits.</summary>
    public static (double Loss, Tensor Gradient) LossAndGradient(Objective objective, Tensor logits, Tensor labels, Tensor? teacher, ObjectiveContext? context = null) =>
        LossAndGradient(objective, new TrainingBatch { Logits = logits, Labels = labels, TeacherLogits = teacher }, context);

    /// <summary>A loss and its gradient with respect to the batch's logits.</summary>
    public static (double Loss, Tensor Gradient) LossAndGradient(Objective objective, TrainingBatch batch, ObjectiveContext? context = null)
    {
        var student = batch.Logits.detach().clone().requires_grad_();
        var loss = ObjectiveFactory.Create(objective, context ?? Context).Loss(batch with { Logits = student });
        loss.backward();
        return (loss.item<float>(), student.grad!);
    }

    private static Tensor Classifier()
    {
        using var scope = NewDisposeScope();
        return arange(8.0 * Classes).sin().reshape(Classes, 8).to(float32).DetachFromDisposeScope();
    }
}
