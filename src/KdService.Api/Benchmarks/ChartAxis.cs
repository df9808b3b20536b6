using System.Globalization;

namespace KdService.Api.Benchmarks;

/// <summary>A scale of a chart, linear or logarithmic.</summary>
internal sealed class ChartAxis
{
    private readonly double _low;
    private readonly double _high;
    private readonly bool _logarithmic;

    private ChartAxis(double low, double high, bool logarithmic) => (_low, _high, _logarithmic) = (low, high, logarithmic);

    /// <summary>A scale with some room around the values, never narrower than a width.</summary>
    public static ChartAxis Linear(IReadOnlyCollection<double> values, double atLeast, double room = 0.08)
    {
        var (low, high) = (values.Min(), values.Max());
        var pad = Math.Max(room * (high - low), (atLeast - (high - low)) / 2);
        return new ChartAxis(low - pad, high + pad, false);
    }

    /// <summary>A scale for costs: logarithmic where they span more than a factor of four.</summary>
    public static ChartAxis Cost(IReadOnlyCollection<double> values)
    {
        var (low, high) = (values.Min(), values.Max());
        if (high <= 4 * low) return Linear(values, 0.2 * high, 0.15);
        var pad = Math.Pow(high / low, 0.12);
        return new ChartAxis(Math.Log(low / pad), Math.Log(high * pad), true);
    }

    /// <summary>Where a value lies, from 0 to 1.</summary>
    public double At(double value) => ((_logarithmic ? Math.Log(value) : value) - _low) / (_high - _low);

    /// <summary>The same within the scale, for what may reach beyond it.</summary>
    public double Within(double value) => Math.Clamp(At(value), 0, 1);

    /// <summary>Round values to label, about so many.</summary>
    public IReadOnlyList<double> Ticks(int about)
    {
        if (_logarithmic) return LogarithmicTicks(about);
        var step = RoundStep((_high - _low) / about);
        var first = Math.Ceiling(_low / step);
        return [.. Enumerable.Range(0, (int)(Math.Floor(_high / step) - first) + 1).Select(index => (first + index) * step)];
    }

    /// <summary>A value in few characters: <c>1.2M</c>.</summary>
    public static string Short(double value)
    {
        var (scaled, unit) = Math.Abs(value) switch
        {
            >= 1e9 => (value / 1e9, "G"),
            >= 1e6 => (value / 1e6, "M"),
            >= 1e3 => (value / 1e3, "k"),
            _ => (value, ""),
        };
        // Milliseconds of a small network differ in the third decimal.
        return scaled.ToString(Math.Abs(scaled) < 1 ? "G3" : "0.##", CultureInfo.InvariantCulture) + unit;
    }

    private List<double> LogarithmicTicks(int about)
    {
        List<double> Marks(params double[] within) =>
        [
            .. Enumerable.Range((int)Math.Floor(_low / Math.Log(10)), (int)((_high - _low) / Math.Log(10)) + 2)
                .SelectMany(power => within.Select(mark => mark * Math.Pow(10, power)))
                .Where(mark => At(mark) is >= 0 and <= 1),
        ];
        var marks = Marks(1, 2, 5);
        return marks.Count <= about + 1 ? marks : Marks(1);
    }

    private static double RoundStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return new[] { 1.0, 2, 5, 10 }.First(step => step * power >= least * 0.999) * power;
    }
}
