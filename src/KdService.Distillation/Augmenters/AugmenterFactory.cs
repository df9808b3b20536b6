using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>From an augmenter as data to the thing itself.</summary>
internal static class AugmenterFactory
{
    /// <summary>The augmenter that a stage asks for.</summary>
    /// <param name="augmenter">The augmenter as data.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="student">The network in training.</param>
    /// <param name="teacher">What it is to agree with.</param>
    /// <param name="device">Where they are.</param>
    /// <exception cref="RunException">This trainer does not know the augmenter.</exception>
    public static IAugmenter Create(Augmenter augmenter, Plan plan, nn.Module<Tensor, Tensor> student, ITeacherSignal teacher, Device device) => augmenter switch
    {
        BackwardPass backwardPass => new BackwardPassAugmenter(backwardPass, plan, student, teacher, device),
        _ => throw new RunException(FailureCode.InvalidPlan, $"augmenter: {augmenter.GetType().Name} given; this trainer has no such augmenter"),
    };
}
