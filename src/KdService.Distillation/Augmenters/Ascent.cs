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

    /// <summary>What a step goes along, for a gradient <c>[batch, ...]</c>.</summary>
    public static Tensor Direction(this BackwardPass options, Tensor gradient) => options.Step switch
    {
        AscentStep.Sign => gradient.sign(),
        AscentStep.L2 => gradient / gradient.flatten(1).norm(1, keepdim: true).clamp(min: 1e-12).view([gradient.shape[0], .. Enumerable.Repeat(1L, (int)gradient.ndim - 1)]),
        _ => gradient,
    };
}
