using KdService.Core.Datasets;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Data;

public class ClusterVectorsTests
{
    private static readonly Clusters Dataset = new() { Samples = 2000, TestSamples = 500 };

    [Fact]
    public void Load_Twice_DrawsTheSameVectorsAndLabels()
    {
        var (train, test) = Load(Dataset);
        var (again, testAgain) = Load(Dataset);
        Assert.Equal(train.Values, again.Values);
        Assert.Equal(train.Labels, again.Labels);
        Assert.Equal(test.Values, testAgain.Values);
        Assert.Equal((2000, 500, 20), (train.Count, test.Count, train.Classes));
    }

    [Fact]
    public void Load_FewerSamples_AreTheFirst()
    {
        var (train, _) = Load(Dataset);
        var (limited, _) = Load(Dataset with { TrainLimit = 100 });
        Assert.Equal(train.Values[..(100 * 32)], limited.Values);
        Assert.Equal(train.Labels[..100], limited.Labels);
    }

    [Fact]
    public void Load_AnotherSeedOrPart_DrawsOtherVectors()
    {
        var (train, test) = Load(Dataset);
        var (other, _) = Load(Dataset with { DrawingSeed = 1 });
        Assert.NotEqual(train.Values, other.Values);
        Assert.NotEqual(train.Values[..test.Values.Length], test.Values);
    }

    [Fact]
    public void Load_Vectors_AreStandardNormalAndHaveEveryClass()
    {
        var (train, _) = Load(Dataset with { Dimension = 31 });
        Assert.Equal(0, train.Values.Average(), 0.02);
        Assert.Equal(1, train.Values.Average(value => value * value), 0.02);
        Assert.Equal(20, train.Labels.Distinct().Count());
    }

    [Fact]
    public void Labels_WithoutSinesAndNoise_AreLinearlySeparableWithNearDirectionsInASuperclass()
    {
        var (train, _) = Load(new Clusters { Samples = 20_000, Dimension = 16, Superclasses = 3, ClassesPerSuperclass = 2, Spread = 0.5, Sines = 0, Noise = 0 });
        using var scope = NewDisposeScope();
        var (inputs, labels) = (tensor(train.Values).reshape(-1, 16), tensor(train.Labels.Select(label => (long)label).ToArray()));
        var classes = nn.functional.one_hot(labels, 6).to(float32);
        // Least squares; of standard normal inputs the Gram matrix is the identity, up to a factor.
        var weights = inputs.t().matmul(classes - classes.mean([0], keepdim: true));
        var accuracy = inputs.matmul(weights).argmax(1).eq(labels).to(float32).mean().item<float>();
        Assert.True(accuracy > 0.8, $"a linear classifier is right about {accuracy:P1}");
        // Directions of one superclass lie nearer to each other than to those of another.
        var directions = weights / weights.norm(0, keepdim: true);
        var cosines = Fixtures.Floats(directions.t().matmul(directions));
        Assert.True(Cosines(sameSuperclass: true).Min() > Cosines(sameSuperclass: false).Max(), string.Join(" ", cosines));

        IEnumerable<float> Cosines(bool sameSuperclass) =>
            from a in Enumerable.Range(0, 6) from b in Enumerable.Range(0, 6) where a != b && (a / 2 == b / 2) == sameSuperclass select cosines[6 * a + b];
    }

    private static (VectorSet Train, VectorSet Test) Load(Clusters dataset)
    {
        var (train, test) = DatasetLoader.Load(dataset, "");
        return ((VectorSet)train, (VectorSet)test);
    }
}
