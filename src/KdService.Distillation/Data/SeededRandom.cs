namespace KdService.Distillation.Data;

/// <summary>
/// Random numbers that depend on a key alone: the SplitMix64 sequence (Steele, Lea and Flood 2014). Data order, augmentation and
/// drawn pictures use it and leave torch's process-wide generator to initial weights, so that a resumed run draws the same numbers.
/// </summary>
public struct SeededRandom
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>The sequence of a key; every part of it matters, and so does their order.</summary>
    public SeededRandom(params ReadOnlySpan<long> key)
    {
        foreach (var part in key) _state = Mix((_state + GoldenGamma) ^ Mix((ulong)part + GoldenGamma));
    }

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += GoldenGamma);

    /// <summary>A number from 0 to <paramref name="bound"/> - 1; the bias of a 64-bit product is below 2^-32.</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A number in [0, 1), of 24 random bits.</summary>
    public float Uniform() => (Next() >> 40) * (1f / (1 << 24));

    /// <summary>A number from <paramref name="low"/> up to <paramref name="high"/>.</summary>
    public float Uniform(float low, float high) => low + (high - low) * Uniform();

    /// <summary>Two independent standard normal numbers (Box and Muller 1958).</summary>
    public (float, float) NormalPair()
    {
        var bits = Next();
        var radius = MathF.Sqrt(-2 * MathF.Log(((uint)bits + 1f) * (1f / 4294967296f)));
        var (sin, cos) = MathF.SinCos((bits >> 32) * (MathF.Tau / 4294967296f));
        return (radius * cos, radius * sin);
    }

    /// <summary>Puts the elements into a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> elements)
    {
        for (var last = elements.Length - 1; last > 0; last--)
        {
            var other = Below(last + 1);
            (elements[last], elements[other]) = (elements[other], elements[last]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
