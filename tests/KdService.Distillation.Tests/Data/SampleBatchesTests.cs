using FsCheck;
using FsCheck.Fluent;
using KdService.Core.Datasets;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Data;

public class SampleBatchesTests
{
    private static readonly SmallCifar Dataset = new();
    private static readonly ImageSet Pictures = new([.. Enumerable.Range(0, 6 * 3072).Select(i => SmallCifar.PixelOf(i / 3072, i % 3072))], [0, 1, 2, 3, 4, 5], Core.Datasets.DataShape.Pictures(10));

    [Fact]
    public void Load_WithoutAView_IsTheNormalisedPictureChannelsLast()
    {
        using var scope = NewDisposeScope();
        var batch = new SampleBatches(Pictures, Dataset, CPU).Load([4, 0], seed: 1, view: null);
        Assert.Equal([2, 3, 32, 32], batch.shape);
        Assert.Equal([3072, 1, 96, 3], batch.stride());
        Assert.Equal(ScalarType.Float32, batch.dtype);
        AssertPictures(batch, [4, 0], _ => (4, 4, false));
    }

    [Fact]
    public void Load_AView_IsANaiveCropOfTheBlackPaddedPictureAndAFlip() => Prop.ForAll(
        ArbMap.Default.ArbFor<long>(), ArbMap.Default.ArbFor<uint>(), Gen.Choose(0, 5).ArrayOf().ToArbitrary(), (seed, view, indices) =>
        {
            using var scope = NewDisposeScope();
            if (indices.Length == 0) return;
            AssertPictures(new SampleBatches(Pictures, Dataset, CPU).Load(indices, seed, view), indices, index =>
            {
                var crop = Crop.Random(seed, view, index);
                return (crop.Left, crop.Top, crop.Flip);
            });
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20));

    [Fact]
    public void Load_TheSameSampleInAnotherBatch_IsTheSameView()
    {
        using var scope = NewDisposeScope();
        var batches = new SampleBatches(Pictures, Dataset, CPU);
        var (first, second) = (batches.Load([0, 1, 2], 7, 3), batches.Load([5, 2], 7, 3));
        Assert.Equal(Fixtures.Floats(first[2]), Fixtures.Floats(second[1]));
        Assert.NotEqual(Fixtures.Floats(first), Fixtures.Floats(batches.Load([0, 1, 2], 7, 4)));
        Assert.NotEqual(Fixtures.Floats(first), Fixtures.Floats(batches.Load([0, 1, 2], 8, 3)));
    }

    [Fact]
    public void Load_OfASetThatIsNotAugmented_IgnoresTheView()
    {
        using var scope = NewDisposeScope();
        var batches = new SampleBatches(Pictures, Dataset with { Augmentation = Augmentation.None }, CPU);
        Assert.Equal(Fixtures.Floats(batches.Load([3], 1, null)), Fixtures.Floats(batches.Load([3], 1, 5)));
    }

    [Fact]
    public void Crop_OverManyViews_TakesEveryOffsetAndBothSidesEquallyOften()
    {
        var crops = Enumerable.Range(0, 16_200).Select(view => Crop.Random(3, view, 17)).ToList();
        // 81 offsets, 200 expected of each, standard deviation 14.
        var offsets = crops.CountBy(crop => (crop.Left, crop.Top)).ToList();
        Assert.Equal(81, offsets.Count);
        Assert.All(offsets, offset => Assert.InRange(offset.Value, 130, 270));
        Assert.InRange(crops.Count(crop => crop.Flip), 7_700, 8_500);
    }

    [Fact]
    public void Labels_OfSamples_AreInt64InTheirOrder()
    {
        using var labels = new SampleBatches(Pictures, Dataset, CPU).Labels([5, 0, 3]);
        Assert.Equal(ScalarType.Int64, labels.dtype);
        Assert.Equal([5L, 0, 3], labels.data<long>().ToArray());
    }

    [Fact]
    public void Load_ManyBatches_LeavesNoTensorsBehind()
    {
        var batches = new SampleBatches(Pictures, Dataset, CPU);
        var before = LiveTensors.Settled();
        for (var i = 0; i < 10; i++)
        {
            batches.Load([0, 1], 1, i).Dispose();
            batches.Labels([0, 1]).Dispose();
        }
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static void AssertPictures(Tensor batch, int[] indices, Func<int, (int Left, int Top, bool Flip)> crops)
    {
        var values = Fixtures.Floats(batch);
        for (var i = 0; i < indices.Length; i++)
        {
            var (left, top, flip) = crops(indices[i]);
            for (var channel = 0; channel < 3; channel++)
                for (var y = 0; y < 32; y++)
                    for (var x = 0; x < 32; x++)
                    {
                        var (sourceX, sourceY) = ((flip ? 31 - x : x) + left - 4, y + top - 4);
                        var inside = sourceX is >= 0 and < 32 && sourceY is >= 0 and < 32;
                        var pixel = inside ? SmallCifar.PixelOf(indices[i], channel * 1024 + sourceY * 32 + sourceX) : 0;
                        var expected = (pixel / 255.0 - Dataset.Mean[channel]) / Dataset.Std[channel];
                        Assert.Equal(expected, values[((i * 3 + channel) * 32 + y) * 32 + x], 1e-6);
                    }
        }
    }
}
