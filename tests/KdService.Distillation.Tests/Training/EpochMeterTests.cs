using KdService.Core.Jobs;
using KdService.Distillation.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

public sealed class EpochMeterTests
{
    [Fact]
    public void Sums_OfBatchesOfDifferentSize_WeighSamplesAlike()
    {
        using var meter = new EpochMeter();
        Add(meter, step: 1, loss: 1, hits: 3, samples: 4);
        Add(meter, step: 2, loss: 4, hits: 0, samples: 2);
        meter.Read();
        Assert.Equal(new EpochSums(Samples: 6, Loss: 12, Hits: 3, WindowSteps: 2, WindowLoss: 5), meter.Sums);
        // The series shows the mean over steps, as each step's loss is what was minimised.
        Assert.Equal(2.5, meter.TakeWindow());
        Assert.Equal(0, meter.Sums.WindowSteps);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Read_OfALossThatIsNotFinite_NamesTheFirstSuchStep(float loss)
    {
        using var meter = new EpochMeter();
        Add(meter, step: 40, loss: 1, hits: 0, samples: 2);
        Add(meter, step: 41, loss, hits: 0, samples: 2);
        Add(meter, step: 42, loss, hits: 0, samples: 2);
        var diverged = Assert.Throws<RunException>(meter.Read);
        Assert.Equal((FailureCode.Diverged, 41L), (diverged.Code, diverged.Step));
    }

    private static void Add(EpochMeter meter, long step, float loss, int hits, int samples)
    {
        using var scope = NewDisposeScope();
        var labels = zeros(samples, int64);
        // Class 0 wins in the first rows only.
        var logits = tensor(Enumerable.Range(0, samples).SelectMany(row => row < hits ? new[] { 1f, 0f } : [0f, 1f]).ToArray()).reshape(samples, 2);
        meter.Add(step, tensor(loss), logits, labels);
    }
}
