using KdService.Core.Datasets;
using KdService.Distillation.Data;

namespace KdService.Distillation.Tests.Data;

public class ProceduralPicturesTests
{
    private static readonly Procedural Dataset = new() { Samples = 150, TestSamples = 100 };

    [Fact]
    public void Load_Twice_DrawsTheSamePictures()
    {
        var (train, test) = Load(Dataset);
        var (again, testAgain) = Load(Dataset);
        Assert.Equal(train.Pixels, again.Pixels);
        Assert.Equal(test.Pixels, testAgain.Pixels);
        Assert.Equal((150, 100), (train.Count, test.Count));
    }

    [Fact]
    public void Load_FewerOrMoreSamples_ShareTheirFirstPictures()
    {
        var (train, _) = Load(Dataset);
        var (limited, _) = Load(Dataset with { TrainLimit = 100 });
        Assert.Equal(100, limited.Count);
        Assert.Equal(train.Pixels[..limited.Pixels.Length], limited.Pixels);
    }

    [Fact]
    public void Load_AnotherSeedOrPart_DrawsOtherPictures()
    {
        var (train, test) = Load(Dataset);
        var (other, _) = Load(Dataset with { DrawingSeed = 1 });
        Assert.NotEqual(train.Pixels, other.Pixels);
        Assert.NotEqual(train.Pixels[..test.Pixels.Length], test.Pixels);
    }

    [Fact]
    public void Load_AnyPart_HasEveryClassEquallyOften()
    {
        var (train, test) = Load(Dataset);
        Assert.All(train.Labels.CountBy(label => label), counted => Assert.Equal(15, counted.Value));
        Assert.All(test.Labels.CountBy(label => label), counted => Assert.Equal(10, counted.Value));
        Assert.Equal(10, train.Labels.Distinct().Count());
    }

    [Fact]
    public void Load_Pixels_HaveRoughlyTheMeanAndDeviationThatTheyAreNormalisedWith()
    {
        var (train, _) = Load(Dataset);
        var mean = train.Pixels.Average(value => value / 255.0);
        var deviation = Math.Sqrt(train.Pixels.Average(value => Math.Pow(value / 255.0 - mean, 2)));
        Assert.Equal(Dataset.Mean[0], mean, 0.03);
        Assert.Equal(Dataset.Std[0], deviation, 0.03);
    }

    private static (ImageSet Train, ImageSet Test) Load(Procedural dataset)
    {
        var (train, test) = DatasetLoader.Load(dataset, "");
        return ((ImageSet)train, (ImageSet)test);
    }
}
