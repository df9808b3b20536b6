using System.Runtime.InteropServices;
using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests;

/// <summary>What PyTorch computed (<c>python/make_fixtures.py</c>), and how to compare with it.</summary>
internal static class Fixtures
{
    public static JsonElement Read(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name))).RootElement;

    /// <summary>A JSON matrix as a float tensor.</summary>
    public static Tensor Matrix(JsonElement rows)
    {
        float[][] values = [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(value => value.GetSingle()).ToArray())];
        return tensor(values.SelectMany(row => row).ToArray()).reshape(values.Length, values[0].Length);
    }

    public static Tensor Vector(JsonElement values) => tensor(values.EnumerateArray().Select(value => value.GetSingle()).ToArray());

    /// <summary>A JSON object of a shape and values as a float tensor.</summary>
    public static Tensor Array(JsonElement array) =>
        tensor(array.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()).ToArray())
            .reshape([.. array.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);

    public static Tensor Integers(JsonElement values) => tensor(values.EnumerateArray().Select(value => value.GetInt64()).ToArray());

    /// <summary>The same inputs as <c>pictures()</c> of <c>python/networks.py</c>, <c>[count, 3, 32, 32]</c>.</summary>
    public static Tensor Pictures(int count)
    {
        var values = Enumerable.Range(0, count * 3072).Select(index => (float)Math.Sin(index * 0.37 + Math.Floor(index / 1024.0))).ToArray();
        return tensor(values).reshape(count, 3, 32, 32);
    }

    /// <summary>Inputs for a network, and their shape: pictures, or the first numbers of them where it takes vectors.</summary>
    public static (Tensor Inputs, DataShape Shape) For(string network, int classes, int count)
    {
        if (ArchitectureCatalogue.All[network].Takes == InputKind.Pictures) return (Pictures(count), DataShape.Pictures(classes));
        const int Length = 32;
        return (Pictures(count).flatten(1).narrow(1, 0, Length).reshape(count, Length, 1, 1), DataShape.Vectors(Length, classes));
    }

    public static float[] Floats(Tensor tensor)
    {
        using var plain = tensor.detach().to(float32).cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray();
    }

    /// <summary>Every element within an absolute and relative tolerance.</summary>
    public static void AssertClose(Tensor expected, Tensor actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        var (right, given) = (Floats(expected), Floats(actual));
        for (var i = 0; i < right.Length; i++)
        {
            Assert.True(Math.Abs(right[i] - given[i]) <= tolerance * Math.Max(1, Math.Abs(right[i])),
                $"element {i} of {right.Length}: {given[i]} given; {right[i]} within {tolerance} is right");
        }
    }
}
