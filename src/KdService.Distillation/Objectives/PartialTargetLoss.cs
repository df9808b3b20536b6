using KdService.Core.Jobs;
using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>
/// Tang et al. (2020, arXiv 2002.03532): <c>(1 - alpha) H(y, q) + alpha tau^2 H(rho, q~)</c>, means over the batch. The targets rho keep
/// a part of what the softened teacher p~ knows; they are constants.
/// </summary>
internal sealed class PartialTargetLoss : IObjective
{
    private readonly PartialTargets _options;
    private readonly Tensor? _classifier;

    /// <summary>Makes the loss.</summary>
    /// <exception cref="RunException">The targets need the teacher's last layer, and there is none.</exception>
    public PartialTargetLoss(PartialTargets options, ObjectiveContext context)
    {
        (_options, _classifier) = (options, context.TeacherClassifier);
        if (options is SimilarityTargets && (_classifier is null || _classifier.shape[0] != context.Classes))
        {
            throw new RunException(FailureCode.InvalidPlan,
                "objective: class similarity asked for, and the teacher is not one network that ends in a linear layer over the classes; kd_pt or kd_topk do without");
        }
    }

    /// <inheritdoc />
    public Tensor Loss(TrainingBatch batch)
    {
        using var scope = NewDisposeScope();
        var targets = Targets(batch.Taught.detach().Soften(_options).softmax(1), batch.Labels);
        var ofTargets = -(targets * batch.Logits.Soften(_options).log_softmax(1)).sum(1).mean();
        var loss = _options.Alpha * _options.GradientScale * ofTargets;
        if (_options.Alpha < 1) loss += (1 - _options.Alpha) * CrossEntropyLoss.OfLabels(batch);
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>The targets rho <c>[batch, classes]</c>.</summary>
    /// <param name="teacher">The softened teacher p~ <c>[batch, classes]</c>.</param>
    /// <param name="labels">True classes <c>[batch]</c>.</param>
    private Tensor Targets(Tensor teacher, Tensor labels)
    {
        var isTrue = labels.unsqueeze(1).eq(arange(teacher.shape[1], device: labels.device)); // [batch, classes]
        return _options switch
        {
            TrueClassTargets => Split(teacher, isTrue, zeros_like(teacher)),
            ClassSimilarityTargets sim => Similarities(sim, labels).softmax(1),
            TrueClassAndSimilarityTargets { Combination: TargetCombination.Split } both => Split(teacher, isTrue, Similarities(both, labels)),
            TrueClassAndSimilarityTargets both => both.Mix * Similarities(both, labels).softmax(1) + (1 - both.Mix) * Split(teacher, isTrue, zeros_like(teacher)),
            TopTargets top => Top(teacher, top.KeptOf((int)teacher.shape[1])),
            _ => throw new RunException(FailureCode.InvalidPlan, $"objective: {_options.GetType().Name} given; this trainer has no such targets"),
        };
    }

    // p~_t for the true class; the others share the rest by a softmax over their scores.
    private static Tensor Split(Tensor teacher, Tensor isTrue, Tensor scores) =>
        where(isTrue, teacher, (1 - (teacher * isTrue).sum([1], keepdim: true)) * scores.masked_fill(isTrue, double.NegativeInfinity).softmax(1));

    // sharpness cos(w_t, w_i), [batch, classes]: no more work than the teacher's last layer, so that no table has to be kept.
    private Tensor Similarities(SimilarityTargets options, Tensor labels)
    {
        var rows = nn.functional.normalize(_classifier!.detach().to(float32), dim: 1); // [classes, features]
        return options.Sharpness * rows.index_select(0, labels).matmul(rows.t());
    }

    private static Tensor Top(Tensor teacher, int count)
    {
        var (kept, classes) = teacher.topk(count, dim: 1);
        var rest = (1 - kept.sum([1], keepdim: true)).clamp_min(0) / Math.Max(1, teacher.shape[1] - count);
        return rest.expand_as(teacher).scatter(1, classes, kept);
    }
}
