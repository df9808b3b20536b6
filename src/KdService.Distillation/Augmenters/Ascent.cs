using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>What <see cref="BackwardPass"/> climbs, and how: the same for pictures, vectors and the embeddings of words.</summary>
internal static class Ascent
{
    /// <summary>How far a student is from its teacher, one value for each sample.</summary>
    /// <param name="options">Which divergence.</param>
    /// <param name="student">Logits <c>[batch, classes]</c>; where a value is predicted, <c>[batch, 1]</c>, whose divergence is the squared difference.</param>
    /// <param name="teacher">The same of the teacher.</param>
    public static Tensor Distance(this BackwardPass options, Tensor student, Tensor teacher)
    {
        if (options.Divergence == Divergence.Logits || student.size(1) == 1) return (student - teacher).pow(2).mean([1]);
        var (studentLog, teacherLog) = (student.log_softmax(1), teacher.log_softmax(1));
        return (teacherLog.exp() * (teacherLog - studentLog)).sum(1);
    }

    /// <summary>Samples that have climbed to where student and teacher disagree most, without a graph; the student is in evaluation mode meanwhile.</summary>
    /// <param name="options">How far, in how many steps.</param>
    /// <param name="student">The network in training.</param>
    /// <param name="start">Where they start, <c>[batch, ...]</c>.</param>
    /// <param name="distance">From samples to what is climbed, one value for each.</param>
    /// <param name="fixedPart">What of a sample does not move, bool, of a shape that broadcasts to the samples'; null where all of it does.</param>
    /// <param name="keep">Brings moved samples back to where samples may lie.</param>
    public static Tensor Climb(this BackwardPass options, nn.Module<Tensor, Tensor> student, Tensor start, Func<Tensor, Tensor> distance, Tensor? fixedPart, Func<Tensor, Tensor> keep)
    {
        using var scope = NewDisposeScope();
        var training = student.training;
        student.eval();
        var moved = start.detach();
        for (var step = 0; step < options.Steps; step++)
        {
            using var ofStep = NewDisposeScope();
            var at = moved.detach().requires_grad_();
            // A sum over the batch: each sample's gradient is its own.
            var gradient = autograd.grad([distance(at).sum()], [at])[0];
            if (fixedPart is not null) gradient = gradient.masked_fill(fixedPart, 0);
            using var _ = no_grad();
            moved = keep(at.detach() + options.StepSize * options.Direction(gradient)).MoveToOuterDisposeScope();
        }
        student.train(training);
        return moved.MoveToOuterDisposeScope();
    }

    /// <summary>The first samples of a batch, those that auxiliary ones are made from; at least one.</summary>
    public static Tensor First(this BackwardPass options, Tensor batch) => batch.narrow(0, 0, Math.Max(1, (int)(batch.shape[0] * options.Ratio)));

    /// <summary>What a step goes along, for a gradient <c>[batch, ...]</c>.</summary>
    public static Tensor Direction(this BackwardPass options, Tensor gradient) => options.Step switch
    {
        AscentStep.Sign => gradient.sign(),
        AscentStep.L2 => gradient / gradient.flatten(1).norm(1, keepdim: true).clamp(min: 1e-12).view([gradient.shape[0], .. Enumerable.Repeat(1L, (int)gradient.ndim - 1)]),
        _ => gradient,
    };
}
