using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Augmenters;

/// <summary>From an augmenter as data to the thing itself.</summary>
internal static class AugmenterFactory
{
    /// <summary>The augmenter that a stage asks for.</summary>
    /// <param name="augmenter">The augmenter as data.</param>
    /// <param name="run">The run.</param>
    /// <param name="student">The network in training.</param>
    /// <param name="teacher">What it is to agree with.</param>
    /// <param name="teachers">Has the networks that are trained already.</param>
    /// <exception cref="RunException">This trainer does not know the augmenter, or does not have what it needs.</exception>
    public static IAugmenter Create(Augmenter augmenter, RunContext run, nn.Module<Tensor, Tensor> student, ITeacherSignal teacher, Teachers teachers) => augmenter switch
    {
        BackwardPass backwardPass when student is TextNetwork reader => new TextBackwardPassAugmenter(backwardPass, reader, teacher, TokenMasking.Of(run.Dataset, run.Request.DataRoot, 0, run.Device)),
        BackwardPass backwardPass => new BackwardPassAugmenter(backwardPass, run.Plan, student, teacher, run.Device),
        MaskedGenerator masked => new MaskedGeneratorAugmenter(masked, teachers.Generator(masked.Generator), (TextNetwork)student, teacher,
            TokenMasking.Of(run.Dataset, run.Request.DataRoot, masked.MaskProbability, run.Device), run.Plan.Dataset.Shape.Target == Target.Value),
        _ => throw new RunException(FailureCode.InvalidPlan, $"augmenter: {augmenter.GetType().Name} given; this trainer has no such augmenter"),
    };
}
