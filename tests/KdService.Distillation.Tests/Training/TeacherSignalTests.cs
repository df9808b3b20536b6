using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

public sealed class TeacherSignalTests
{
    [Theory]
    [InlineData(TeacherSignal.Auto, 4, Augmentation.CropFlip, 5, TeacherSignal.Cached)]
    [InlineData(TeacherSignal.Auto, 4, Augmentation.CropFlip, 4, TeacherSignal.Cached)]
    [InlineData(TeacherSignal.Auto, 0, Augmentation.CropFlip, 100, TeacherSignal.Live)]
    [InlineData(TeacherSignal.Auto, 0, Augmentation.None, 1, TeacherSignal.Cached)]
    [InlineData(TeacherSignal.Cached, 4, Augmentation.CropFlip, 1, TeacherSignal.Cached)]
    [InlineData(TeacherSignal.Live, 1, Augmentation.None, 100, TeacherSignal.Live)]
    public void KindFor_APlan_IsTheCheaper(TeacherSignal asked, int views, Augmentation augmentation, int epochs, TeacherSignal expected)
    {
        var plan = RecordedRun.Plan(new Kd(), epochs, change: spec => spec with
        {
            TeacherSignal = asked,
            Dataset = (PictureDataset)spec.Dataset with { Views = views, Augmentation = augmentation },
        });
        Assert.Equal(expected, Showing.SignalOf(plan, plan.Stages[0]));
    }

    [Theory]
    [InlineData(Augmentation.CropFlip, 3, new[] { 0, 1, 2, 0, 1 })]
    [InlineData(Augmentation.CropFlip, 0, new[] { 7, 8, 9, 10, 11 })]
    [InlineData(Augmentation.None, 3, null)]
    public void View_OfAnEpoch_IsBoundedInTurnOrEverNew(Augmentation augmentation, int views, int[]? expected)
    {
        var plan = RecordedRun.Plan(new None(), epochs: 5, change: spec => spec with { Dataset = (PictureDataset)spec.Dataset with { Views = views, Augmentation = augmentation } });
        Assert.Equal(expected?.Select(view => (int?)view) ?? Enumerable.Repeat((int?)null, 5), Enumerable.Range(0, 5).Select(epoch => plan.Dataset.ViewAt(epoch, epochsBefore: 7)));
    }

    [Fact]
    public void Holdout_OfJobsOfOtherSeeds_IsTheSame()
    {
        var plan = RecordedRun.Plan(new None(), epochs: 1);
        var (one, other) = (new TrainingData(plan, plan.Dataset, "", CPU), new TrainingData(plan with { Seed = 99 }, plan.Dataset, "", CPU));
        Assert.Equal(one.Selection.Indices, other.Selection.Indices);
        Assert.Equal(one.Train.Digest, other.Train.Digest);
        Assert.NotEqual(one.Train.Digest, one.Selection.Digest);
    }
}
