using System.Text.Json;
using static TorchSharp.torch;

// The random generator belongs to the process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace KdService.LibTorch.Tests;

/// <summary>What PyTorch computed, by name (fixtures/make.py).</summary>
internal sealed class Fixture
{
    private readonly Dictionary<string, JsonElement> _cases;

    private Fixture(string name) =>
        _cases = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", name + ".json")))!;

    public static Fixture Load(string name) => new(name);

    public IEnumerable<string> Names => _cases.Keys;

    public bool Has(string name) => _cases.ContainsKey(name);

    public double[] Numbers(string name) => _cases[name].EnumerateArray().Select(number => number.GetDouble()).ToArray();

    /// <summary>Fails unless the tensor has PyTorch's shape and, to a relative and absolute 1e-5, its values.</summary>
    public void Check(string name, Tensor actual, double tolerance = 1e-5)
    {
        var expected = _cases[name];
        Assert.True(actual.shape.SequenceEqual(expected.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())),
            $"{name}: shape [{string.Join(", ", actual.shape)}], PyTorch has {expected.GetProperty("shape")}");
        using var scope = NewDisposeScope();
        AssertClose(expected.GetProperty("values").EnumerateArray().Select(number => number.GetDouble()).ToArray(),
            actual.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray(), tolerance, name);
    }

    public static void AssertClose(double[] expected, double[] actual, double tolerance, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])),
                $"{name}[{i}]: {actual[i]}, PyTorch has {expected[i]}");
    }
}
