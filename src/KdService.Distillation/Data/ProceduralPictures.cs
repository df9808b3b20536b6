using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>
/// Draws the procedural set. A class is an outline, its superclass, and a filling that tells the members of a superclass apart:
/// the outline is plain to see, the filling faint and fine. Position, size, angle, colours, clutter and noise vary freely, and
/// no class changes when its picture is mirrored.
/// </summary>
internal static class ProceduralPictures
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const long Purpose = 3;

    private static readonly (Outline Outline, Filling Filling)[] ByClass =
    [
        (Outline.Disc, Filling.Stripes), (Outline.Disc, Filling.Checks), (Outline.Disc, Filling.Rings),
        (Outline.Square, Filling.Stripes), (Outline.Square, Filling.Checks), (Outline.Square, Filling.Rings),
        (Outline.Triangle, Filling.Stripes), (Outline.Triangle, Filling.Checks),
        (Outline.Star, Filling.Checks), (Outline.Star, Filling.Rings),
    ];

    private enum Outline
    {
        Disc,
        Square,
        Triangle,
        Star,
    }

    private enum Filling
    {
        Stripes,
        Checks,
        Rings,
    }

    /// <summary>
    /// The first <paramref name="count"/> pictures of a part; classes take turns. A picture depends on the drawing seed, the noise,
    /// the part and its index alone.
    /// </summary>
    public static ImageSet Draw(Procedural dataset, bool test, int count)
    {
        var pixels = new byte[count * 3 * Plane];
        var labels = new int[count];
        Parallel.For(0, count, index =>
        {
            labels[index] = index % ByClass.Length;
            var random = new SeededRandom(Purpose, dataset.DrawingSeed, test ? 1 : 0, index);
            Span<float> canvas = stackalloc float[3 * Plane];
            DrawPicture(canvas, ByClass[labels[index]], ref random);
            Develop(canvas, (float)dataset.Noise, pixels.AsSpan(index * 3 * Plane, 3 * Plane), ref random);
        });
        return new ImageSet(pixels, labels, dataset.Shape);
    }

    private static void DrawPicture(Span<float> canvas, (Outline Outline, Filling Filling) what, ref SeededRandom random)
    {
        DrawBackground(canvas, ref random);
        for (var i = 0; i < 3; i++) DrawClutter(canvas, ref random);
        DrawFigure(canvas, what, ref random);
        DrawClutter(canvas, ref random);
    }

    // A colour that changes evenly across the picture.
    private static void DrawBackground(Span<float> canvas, ref SeededRandom random)
    {
        for (var channel = 0; channel < 3; channel++)
        {
            var (middle, across, down) = (random.Uniform(0.1f, 0.5f), random.Uniform(-0.3f, 0.3f) / Side, random.Uniform(-0.3f, 0.3f) / Side);
            for (var at = 0; at < Plane; at++)
                canvas[channel * Plane + at] = middle + across * (at % Side - Side / 2) + down * (at / Side - Side / 2);
        }
    }

    // A small disc or bar anywhere, over what is there.
    private static void DrawClutter(Span<float> canvas, ref SeededRandom random)
    {
        var place = new Pose(random.Uniform(0, Side), random.Uniform(0, Side), random.Uniform(1, 2.5f), random.Uniform(0, MathF.Tau));
        var flattening = random.Uniform(1, 4);
        var colour = RandomColour(ref random, 0.1f, 0.9f);
        for (var at = 0; at < Plane; at++)
        {
            var (u, v) = place.Local(at % Side, at / Side);
            Paint(canvas, at, colour, place.Coverage(MathF.Sqrt(u * u / flattening + v * v * flattening) - 1));
        }
    }

    private static void DrawFigure(Span<float> canvas, (Outline Outline, Filling Filling) what, ref SeededRandom random)
    {
        var place = new Pose(random.Uniform(13, 19), random.Uniform(13, 19), random.Uniform(9, 12), random.Uniform(0, MathF.Tau));
        // The filling has its own angle; its period is given in pixels, lest small figures be coarser than the grid.
        var grain = new Pose(place.X, place.Y, place.Radius, random.Uniform(0, MathF.Tau));
        var frequency = MathF.Tau * place.Radius / random.Uniform(4.5f, 6);
        var phase = random.Uniform(0, MathF.Tau);
        var contrast = random.Uniform(0.05f, 0.2f);
        var (colour, shade) = (RandomColour(ref random, 0.5f, 0.9f), RandomColour(ref random, 0.3f, 1));
        for (var at = 0; at < Plane; at++)
        {
            var (u, v) = place.Local(at % Side, at / Side);
            var coverage = place.Coverage(Distance(what.Outline, u, v));
            if (coverage == 0) continue;
            var (s, t) = grain.Local(at % Side, at / Side);
            Paint(canvas, at, colour + contrast * Wave(what.Filling, s * frequency, t * frequency, phase) * shade, coverage);
        }
    }

    // Negative inside, in units of the radius; all four outlines have about the same area.
    private static float Distance(Outline outline, float u, float v) => outline switch
    {
        Outline.Disc => MathF.Sqrt(u * u + v * v) - 0.9f,
        Outline.Square => MathF.Max(MathF.Abs(u), MathF.Abs(v)) - 0.8f,
        Outline.Triangle => MathF.Max(-v, MathF.Max(0.8660254f * u + 0.5f * v, -0.8660254f * u + 0.5f * v)) - 0.7f,
        Outline.Star => StarDistance(u, v),
        _ => throw new ArgumentOutOfRangeException(nameof(outline), outline, null),
    };

    // Five points: the radius follows cos(5 theta), a polynomial in cos(theta).
    private static float StarDistance(float u, float v)
    {
        var radius = MathF.Sqrt(u * u + v * v) + 1e-6f;
        var c = u / radius;
        return radius - 0.87f - 0.25f * (16 * c * c - 20) * c * c * c - 0.25f * 5 * c;
    }

    private static float Wave(Filling filling, float s, float t, float phase) => filling switch
    {
        Filling.Stripes => MathF.Sin(s + phase),
        // Checks of stripes' own period and mean square.
        Filling.Checks => MathF.Sqrt(2) * MathF.Sin(s + phase) * MathF.Sin(t + phase),
        Filling.Rings => MathF.Sin(MathF.Sqrt(s * s + t * t) + phase),
        _ => throw new ArgumentOutOfRangeException(nameof(filling), filling, null),
    };

    private static Colour RandomColour(ref SeededRandom random, float low, float high) =>
        new(random.Uniform(low, high), random.Uniform(low, high), random.Uniform(low, high));

    private static void Paint(Span<float> canvas, int at, Colour colour, float coverage)
    {
        canvas[at] += coverage * (colour.Red - canvas[at]);
        canvas[Plane + at] += coverage * (colour.Green - canvas[Plane + at]);
        canvas[2 * Plane + at] += coverage * (colour.Blue - canvas[2 * Plane + at]);
    }

    // Adds the noise and rounds to bytes.
    private static void Develop(ReadOnlySpan<float> canvas, float noise, Span<byte> pixels, ref SeededRandom random)
    {
        for (var at = 0; at < canvas.Length; at += 2)
        {
            var (first, second) = random.NormalPair();
            pixels[at] = ToByte(canvas[at] + noise * first);
            pixels[at + 1] = ToByte(canvas[at + 1] + noise * second);
        }
    }

    private static byte ToByte(float value) => (byte)(Math.Clamp(value, 0, 1) * 255 + 0.5f);

    private readonly record struct Colour(float Red, float Green, float Blue)
    {
        public static Colour operator +(Colour a, Colour b) => new(a.Red + b.Red, a.Green + b.Green, a.Blue + b.Blue);

        public static Colour operator *(float factor, Colour a) => new(factor * a.Red, factor * a.Green, factor * a.Blue);
    }

    /// <summary>Where a figure lies, in pixels, how large it is and how it is turned.</summary>
    private readonly record struct Pose(float X, float Y, float Radius, float Angle)
    {
        private readonly float _cos = MathF.Cos(Angle);
        private readonly float _sin = MathF.Sin(Angle);

        /// <summary>A pixel in the figure's own coordinates, in units of its radius.</summary>
        public (float U, float V) Local(int x, int y)
        {
            var (dx, dy) = ((x + 0.5f - X) / Radius, (y + 0.5f - Y) / Radius);
            return (_cos * dx + _sin * dy, _cos * dy - _sin * dx);
        }

        /// <summary>How much of a pixel the figure covers, from its distance to the outline in units of the radius.</summary>
        public float Coverage(float distance) => Math.Clamp(0.5f - distance * Radius, 0, 1);
    }
}
