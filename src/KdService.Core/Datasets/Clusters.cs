using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>
/// Vectors drawn by the service itself, whose classes are related by construction (after Tang et al., arXiv 2002.03532). Inputs are
/// standard normal. Each superclass has a centre on the unit sphere, each of its classes a direction near the centre. The score
/// of class k is <c>t + sum over m of sin(m t + phase[k, m])</c> with <c>t</c> the product of direction and input; the label is
/// the class of the greatest score.
/// </summary>
[Case("clusters", "Vectors drawn by the service: standard normal inputs, classes in superclasses of near directions, labels by scores with sines in them. After Tang et al. (arXiv 2002.03532) [recalled, unverified]; every number is ours.")]
public sealed record Clusters : Dataset
{
    /// <summary>The most numbers in all inputs together.</summary>
    private const long MostValues = 1_000_000_000;

    /// <summary>Length of an input.</summary>
    [Field("Length of an input vector.", Min = 2, Max = 4096, Evidence = "ours")]
    public int Dimension { get; init; } = 32;

    /// <summary>Number of superclasses.</summary>
    [Field("Number of superclasses, the clusters of directions.", Min = 1, Max = 1000, Evidence = "ours")]
    public int Superclasses { get; init; } = 5;

    /// <summary>Classes of each superclass.</summary>
    [Field("Classes of each superclass.", Min = 1, Max = 1000, Evidence = "ours")]
    public int ClassesPerSuperclass { get; init; } = 4;

    /// <summary>How far the directions of a superclass lie apart.</summary>
    [Field("Length of the random vector that is added to a superclass's centre, of length 1, for each of its classes; the sum is scaled to length 1.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "ours")]
    public double Spread { get; init; } = 0.7;

    /// <summary>Sines in each score.</summary>
    [Field("Sines in the score of a class; with none the classes are linearly separable.", Min = 0, Max = 16, Evidence = "ours")]
    public int Sines { get; init; } = 2;

    /// <summary>Noise of the labels.</summary>
    [Field("Standard deviation of what is added to each class's score before the label is taken.", Min = 0, Max = 1000, Evidence = "ours")]
    public double Noise { get; init; } = 0.1;

    /// <summary>Training samples to draw.</summary>
    [Field("Training samples to draw.", Min = 100, Max = 1_000_000, Evidence = "ours")]
    public int Samples { get; init; } = 10_000;

    /// <summary>Test samples to draw.</summary>
    [Field("Test samples to draw.", Min = 100, Max = 1_000_000, Evidence = "ours")]
    public int TestSamples { get; init; } = 2000;

    /// <summary>The seed of directions, inputs and noise.</summary>
    [Field("The seed that directions, inputs and noise are drawn from; independent of the job's seed.", Min = 0, Max = 9007199254740991)]
    public long DrawingSeed { get; init; }

    /// <inheritdoc />
    public override int Classes => Superclasses * ClassesPerSuperclass;

    /// <inheritdoc />
    public override int TrainSize => Samples;

    /// <inheritdoc />
    public override int TestSize => TestSamples;

    /// <inheritdoc />
    public override DataShape Shape => DataShape.Vectors(Dimension, Classes);

    /// <inheritdoc />
    public override int BytesPerValue => sizeof(float);

    /// <inheritdoc />
    public override void Validate(ProblemList problems)
    {
        base.Validate(problems);
        problems.Require(Classes is >= 2 and <= 1000, "/dataset/classes_per_superclass",
            $"{ClassesPerSuperclass} given with {Superclasses} superclasses; 2 to 1000 classes in all");
        problems.Require(((long)Samples + TestSamples) * Dimension <= MostValues, "/dataset/dimension",
            $"{Dimension} given with {(long)Samples + TestSamples} samples; at most {MostValues} numbers in all");
    }
}
