using static TorchSharp.torch;

namespace KdService.Distillation.Objectives;

/// <summary>A loss to minimise.</summary>
public interface IObjective
{
    /// <summary>The loss of a batch.</summary>
    /// <param name="logits">The student's, <c>[batch, classes]</c>.</param>
    /// <param name="labels">True classes, int64 <c>[batch]</c>.</param>
    /// <param name="teacherLogits">
    /// The teacher's, <c>[batch, classes]</c>, already scaled by the curriculum's factor; null where the objective needs no teacher.
    /// </param>
    /// <returns>A float scalar.</returns>
    Tensor Loss(Tensor logits, Tensor labels, Tensor? teacherLogits);
}
