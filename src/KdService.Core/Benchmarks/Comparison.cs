namespace KdService.Core.Benchmarks;

/// <summary>What the interval and the p-value of a comparison rest on.</summary>
public enum ComparisonBasis
{
    /// <summary>A paired bootstrap over seeds and test samples, from both jobs' predictions.</summary>
    Bootstrap,

    /// <summary>A paired t-test over seeds: predictions of some job are missing, or are answers to questions.</summary>
    Seeds,
}

/// <summary>How much better a row is than the baseline by the metric that both are judged by, pair by pair of equal seeds.</summary>
public sealed record Comparison
{
    /// <summary>Mean difference of the scores, in [-1, 1]; positive where the row is better.</summary>
    public required double Difference { get; init; }

    /// <summary>Lower end of its 95 % interval; null where one pair without predictions says nothing of it.</summary>
    public double? Low { get; init; }

    /// <summary>Upper end of its 95 % interval.</summary>
    public double? High { get; init; }

    /// <summary>Two-sided p-value of there being no difference.</summary>
    public double? PValue { get; init; }

    /// <summary>Pairs of jobs with equal seeds.</summary>
    public required int Pairs { get; init; }

    /// <summary>What interval and p-value rest on.</summary>
    public required ComparisonBasis Basis { get; init; }

    /// <summary>From the differences of scores alone: a paired t-test. Null without a pair.</summary>
    public static Comparison? OfSeeds(IReadOnlyList<double> differences)
    {
        if (Spread.Of(differences.Select(value => (double?)value)) is not { } spread) return null;
        return new Comparison
        {
            Difference = spread.Mean,
            Low = spread.Low,
            High = spread.High,
            PValue = spread.Deviation switch
            {
                null => null,
                // Equal differences: certain, unless they are all zero.
                0 => spread.Mean == 0 ? 1 : 0,
                { } deviation => StudentT.TwoSided(spread.Mean / deviation * Math.Sqrt(spread.N), spread.N - 1),
            },
            Pairs = spread.N,
            Basis = ComparisonBasis.Seeds,
        };
    }

    /// <summary>
    /// From predictions: resamples seeds and test samples, both with replacement and the samples alike for all seeds, as every
    /// network answers the same test set. Percentile interval; the draws are the same each time.
    /// </summary>
    /// <param name="samples">How many samples the test set has.</param>
    /// <param name="gains">For each pair how much better the row is on some of the samples, given by their places, each as often as it counts.</param>
    public static Comparison OfPredictions(int samples, IReadOnlyList<Func<int[], double>> gains)
    {
        const int resamples = 2000;
        // Differences that are zero but for rounding.
        const double none = 1e-12;
        var random = new Draws(0x6b64_0001);
        var means = new double[resamples];
        var (drawn, times) = (new int[samples], new int[gains.Count]);
        for (var resample = 0; resample < resamples; resample++)
        {
            Array.Clear(times);
            for (var draw = 0; draw < times.Length; draw++) times[random.Next(times.Length)]++;
            for (var draw = 0; draw < samples; draw++) drawn[draw] = random.Next(samples);
            for (var pair = 0; pair < times.Length; pair++)
            {
                if (times[pair] > 0) means[resample] += times[pair] * gains[pair](drawn) / times.Length;
            }
        }
        Array.Sort(means);
        var tail = 1 + Math.Min(means.Count(mean => mean <= none), means.Count(mean => mean >= -none));
        int[] all = [.. Enumerable.Range(0, samples)];
        return new Comparison
        {
            Difference = gains.Average(gain => gain(all)),
            Low = means[(int)(0.025 * resamples)],
            High = means[(int)(0.975 * resamples) - 1],
            PValue = Math.Min(1, 2.0 * tail / (resamples + 1)),
            Pairs = gains.Count,
            Basis = ComparisonBasis.Bootstrap,
        };
    }

    /// <summary>SplitMix64: fast, and the same numbers on every machine and runtime.</summary>
    private sealed class Draws(ulong state)
    {
        private ulong _state = state;

        /// <summary>A number below a bound, by the upper half of a product (Lemire).</summary>
        public int Next(int bound)
        {
            var z = _state += 0x9e3779b97f4a7c15;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            z ^= z >> 31;
            return (int)((z >> 32) * (ulong)bound >> 32);
        }
    }
}
