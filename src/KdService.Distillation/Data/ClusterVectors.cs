using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>Draws the vectors of <see cref="Clusters"/>.</summary>
internal sealed class ClusterVectors
{
    private const long Purpose = 5;

    private readonly Clusters _dataset;
    private readonly float[][] _directions;
    private readonly float[][] _phases;

    private ClusterVectors(Clusters dataset)
    {
        _dataset = dataset;
        (_directions, _phases) = (new float[dataset.Classes][], new float[dataset.Classes][]);
        var centres = Enumerable.Range(0, dataset.Superclasses).Select(superclass => UnitVector(new SeededRandom(Purpose, dataset.DrawingSeed, (long)Part.Centre, superclass))).ToArray();
        for (var k = 0; k < dataset.Classes; k++)
        {
            var random = new SeededRandom(Purpose, dataset.DrawingSeed, (long)Part.Class, k);
            _phases[k] = new float[dataset.Sines];
            for (var m = 0; m < dataset.Sines; m++) _phases[k][m] = random.Uniform(0, MathF.Tau);
            var away = UnitVector(random);
            _directions[k] = [.. centres[k / dataset.ClassesPerSuperclass].Zip(away, (centre, step) => centre + (float)dataset.Spread * step)];
            ScaleToOne(_directions[k]);
        }
    }

    // What is drawn, so that no two parts share random numbers.
    private enum Part
    {
        Train,
        Test,
        Centre,
        Class,
    }

    /// <summary>
    /// The first <paramref name="count"/> vectors of a part. A vector depends on the drawing seed, the part and its index alone, its
    /// label also on the directions of the classes and the noise.
    /// </summary>
    public static VectorSet Draw(Clusters dataset, bool test, int count)
    {
        var classes = new ClusterVectors(dataset);
        var values = new float[count * dataset.Dimension];
        var labels = new int[count];
        Parallel.For(0, count, index =>
        {
            var random = new SeededRandom(Purpose, dataset.DrawingSeed, (long)(test ? Part.Test : Part.Train), index);
            var vector = values.AsSpan(index * dataset.Dimension, dataset.Dimension);
            Fill(vector, ref random);
            labels[index] = classes.Label(vector, ref random);
        });
        return new VectorSet(values, labels, dataset.Classes, dataset.Dimension);
    }

    private int Label(ReadOnlySpan<float> vector, ref SeededRandom random)
    {
        var (best, greatest) = (0, float.NegativeInfinity);
        for (var k = 0; k < _directions.Length; k++)
        {
            var score = Score(k, vector) + (float)_dataset.Noise * random.NormalPair().Item1;
            if (score > greatest) (best, greatest) = (k, score);
        }
        return best;
    }

    private float Score(int k, ReadOnlySpan<float> vector)
    {
        var projection = 0f;
        for (var i = 0; i < vector.Length; i++) projection += _directions[k][i] * vector[i];
        var score = projection;
        for (var m = 0; m < _phases[k].Length; m++) score += MathF.Sin((m + 1) * projection + _phases[k][m]);
        return score;
    }

    private float[] UnitVector(SeededRandom random)
    {
        var vector = new float[_dataset.Dimension];
        Fill(vector, ref random);
        ScaleToOne(vector);
        return vector;
    }

    private static void Fill(Span<float> vector, ref SeededRandom random)
    {
        for (var i = 0; i < vector.Length; i += 2)
        {
            var (first, second) = random.NormalPair();
            vector[i] = first;
            if (i + 1 < vector.Length) vector[i + 1] = second;
        }
    }

    private static void ScaleToOne(Span<float> vector)
    {
        var squares = 0f;
        foreach (var value in vector) squares += value * value;
        foreach (ref var value in vector) value /= MathF.Sqrt(squares);
    }
}
