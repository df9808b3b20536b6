using KdService.Core.Plans.Robustness;
using KdService.Distillation.Data;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>
/// Corrupts pictures as Hendrycks and Dietterich (2019, arXiv 1903.12261) do for CIFAR-10-C; the constants are those of the authors'
/// <c>make_cifar_c.py</c>. Of libraries' own details (JPEG's chroma, rounding while resizing) these are simpler forms.
/// </summary>
internal sealed class Corruptor(Corruption corruption, int severity, int height, int width)
{
    private const int Channels = 3;

    private readonly double[][]? _photons = corruption == Corruption.ShotNoise ? PhotonTable(At(500, 250, 100, 75, 50)(severity)) : null;

    private readonly int _plane = height * width;

    /// <summary>Corrupts one picture.</summary>
    /// <param name="picture">Bytes <c>[3, height, width]</c>.</param>
    /// <param name="output">As many bytes.</param>
    /// <param name="random">What chance decides.</param>
    public void Write(ReadOnlySpan<byte> picture, Span<byte> output, SeededRandom random)
    {
        var values = new double[picture.Length];
        for (var i = 0; i < values.Length; i++) values[i] = picture[i] / 255.0;
        switch (corruption)
        {
            case Corruption.GaussianNoise:
                var deviation = At(0.04, 0.06, 0.08, 0.09, 0.10)(severity);
                foreach (ref var value in values.AsSpan()) value += deviation * random.NormalPair().Item1;
                break;
            case Corruption.ShotNoise:
                for (var i = 0; i < values.Length; i++) values[i] = Photons(_photons![picture[i]], random.Uniform()) / At(500, 250, 100, 75, 50)(severity);
                break;
            case Corruption.ImpulseNoise:
                var amount = At(0.01, 0.02, 0.03, 0.05, 0.07)(severity);
                foreach (ref var value in values.AsSpan())
                    if (random.Uniform() < amount) value = random.Below(2);
                break;
            case Corruption.GaussianBlur:
                for (var channel = 0; channel < Channels; channel++) Blur(values.AsSpan(channel * _plane, _plane), At(0.4, 0.6, 0.7, 0.8, 1)(severity));
                break;
            case Corruption.Brightness:
                Brighten(values, At(0.05, 0.1, 0.15, 0.2, 0.3)(severity));
                break;
            case Corruption.Contrast:
                for (var channel = 0; channel < Channels; channel++) Flatten(values.AsSpan(channel * _plane, _plane), At(0.75, 0.5, 0.4, 0.3, 0.15)(severity));
                break;
            case Corruption.Pixelate:
                var part = At(0.95, 0.9, 0.85, 0.75, 0.65)(severity);
                for (var channel = 0; channel < Channels; channel++) Pixelate(values.AsSpan(channel * _plane, _plane), (int)(height * part), (int)(width * part));
                break;
            default:
                new JpegLoss((int)At(80, 65, 58, 50, 40)(severity), height, width).Apply(values);
                break;
        }
        // Cut off as the authors do, who convert to bytes without rounding; the margin is for what was a byte's value before.
        for (var i = 0; i < values.Length; i++) output[i] = (byte)(Math.Clamp(values[i], 0, 1) * 255 + 1e-6);
    }

    private static Func<int, double> At(params double[] bySeverity) => severity => bySeverity[severity - 1];

    // There are only 256 values: the distribution of each one's photons, as far as it is above a billionth.
    private static double[][] PhotonTable(double photons) => [.. Enumerable.Range(0, 256).Select(value => PoissonSums(photons * value / 255))];

    private static double[] PoissonSums(double mean)
    {
        List<double> sums = [];
        var (sum, logTerm) = (0.0, -mean);
        for (var count = 0; sum < 1 - 1e-9 && count < 5 * mean + 50; count++)
        {
            if (count > 0) logTerm += Math.Log(mean / count);
            sums.Add(sum += Math.Exp(logTerm));
            if (mean == 0) break;
        }
        return [.. sums];
    }

    private static int Photons(double[] sums, float uniform) => Array.BinarySearch(sums, uniform) is var found && found >= 0 ? found + 1 : Math.Min(~found, sums.Length - 1);

    private void Blur(Span<double> plane, double sigma)
    {
        var radius = (int)(4 * sigma + 0.5);
        var weights = Enumerable.Range(-radius, 2 * radius + 1).Select(x => Math.Exp(-x * x / (2 * sigma * sigma))).ToArray();
        var sum = weights.Sum();
        var rows = new double[_plane];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var d = -radius; d <= radius; d++) rows[y * width + x] += weights[d + radius] / sum * plane[y * width + Math.Clamp(x + d, 0, width - 1)];
        plane.Clear();
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var d = -radius; d <= radius; d++) plane[y * width + x] += weights[d + radius] / sum * rows[Math.Clamp(y + d, 0, height - 1) * width + x];
    }

    // Hue and saturation stay: all three values are scaled so that the greatest rises by the amount.
    private void Brighten(double[] values, double amount)
    {
        for (var i = 0; i < _plane; i++)
        {
            var greatest = Math.Max(values[i], Math.Max(values[_plane + i], values[2 * _plane + i]));
            var risen = Math.Min(1, greatest + amount);
            for (var at = i; at < values.Length; at += _plane) values[at] = greatest == 0 ? risen : values[at] * risen / greatest;
        }
    }

    private static void Flatten(Span<double> plane, double part)
    {
        var mean = 0.0;
        foreach (var value in plane) mean += value / plane.Length;
        foreach (ref var value in plane) value = (value - mean) * part + mean;
    }

    // The means of boxes, and then the nearest of them.
    private void Pixelate(Span<double> plane, int rows, int columns)
    {
        var small = new double[rows * columns];
        for (var y = 0; y < rows; y++)
        {
            for (var x = 0; x < columns; x++)
            {
                var ((top, bottom), (left, right)) = (Box(y, height, rows), Box(x, width, columns));
                for (var from = top; from < bottom; from++)
                    for (var at = left; at < right; at++) small[y * columns + x] += plane[from * width + at] / ((bottom - top) * (right - left));
            }
        }
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++) plane[y * width + x] = small[(int)((y + 0.5) * rows / height) * columns + (int)((x + 0.5) * columns / width)];

        static (int From, int To) Box(int place, int size, int smaller) => ((int)(place * (double)size / smaller + 0.5), (int)((place + 1) * (double)size / smaller + 0.5));
    }
}
