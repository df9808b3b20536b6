using System.Runtime.InteropServices;
using KdService.LibTorch.Extras;
using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace KdService.LibTorch.Tests;

/// <summary>What only our own binding has.</summary>
public sealed class BindingTests
{
    [Fact]
    public void Describe_NamesWhatIsLoaded()
    {
        var description = TorchRuntime.Describe();
        Assert.Equal("LibTorch", description.Provider);
        Assert.Equal(__version__, description.Version);
        Assert.Matches(@"^\d+\.\d+", description.Version);
        Assert.NotEqual("unknown", description.Blas.Kind);
        Assert.Contains(description.CpuCapability, new[] { "DEFAULT", "NO AVX", "AVX2", "AVX512" });
        Assert.Equal(get_num_threads(), description.Threads);
    }

    [Fact]
    public void Prepare_AfterLibtorchIsLoaded_IsRefused()
    {
        using var loaded = ones(1);
        Assert.Throws<InvalidOperationException>(() => TorchRuntime.Prepare());
    }

    [Fact]
    public void Autocast_OnTheCpu_ShortensMatrixProductsUntilDisposed()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn(4, 4), randn(4, 4));
        using (Autocast.On(CPU)) Assert.Equal(ScalarType.BFloat16, a.matmul(b).dtype);
        Assert.Equal(ScalarType.Float32, a.matmul(b).dtype);
        Assert.Throws<ArgumentException>(() => Autocast.On(CPU, ScalarType.Float16));
    }

    [Fact]
    public void CudaFeatures_WithoutCuda_SayWhatIsNeeded()
    {
        if (cuda.is_available()) return; // what they do with a GPU is not this test's subject
        Assert.False(CudaGraph.IsSupported);
        Assert.Contains("CUDA", Assert.Throws<ExternalException>(() => CudaGraph.Record(() => { })).Message, StringComparison.Ordinal);
        Assert.Contains("CUDA", Assert.Throws<ExternalException>(() => DeviceMemory.Of()).Message, StringComparison.Ordinal);
        using var one = ones(1);
        Assert.ThrowsAny<Exception>(() => one.cuda());
        Assert.Throws<InvalidOperationException>(() => InitializeDeviceType(DeviceType.CUDA));
    }

    [Fact]
    public void Door_ForAnUnknownOperatorOrAMissingArgument_SaysSo()
    {
        using var scope = NewDisposeScope();
        var a = ones(2);
        Assert.Contains("no_such_operator", Assert.Throws<ExternalException>(() => Aten.Call("no_such_operator", a)).Message, StringComparison.Ordinal);
        Assert.Contains("other", Assert.Throws<ExternalException>(() => Aten.Call("add.Tensor", a)).Message, StringComparison.Ordinal);
        Assert.Contains("arguments", Assert.Throws<ExternalException>(() => Aten.Call("relu", a, a, a)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Door_FromSeveralThreads_ComputesTheSame()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (a, b) = (randn(32, 32), randn(32, 32));
        var expected = a.matmul(b).tanh().sum().ToSingle();
        Parallel.For(0, 200, _ =>
        {
            using var own = NewDisposeScope();
            Assert.Equal(expected, a.matmul(b).tanh().sum().ToSingle());
        });
    }

    [Fact]
    public void FlushedDenormals_OnEveryThread_CountAsZero()
    {
        using var scope = NewDisposeScope();
        var tiny = tensor([1e-39f]);
        try
        {
            _ = Native.kd_set_flush_denormal(1);
            Assert.Equal(0f, (tiny * 2).item<float>());
            float elsewhere = 1;
            var thread = new Thread(() => elsewhere = (tiny * 2).item<float>());
            thread.Start();
            thread.Join();
            Assert.Equal(0f, elsewhere);
        }
        finally
        {
            _ = Native.kd_set_flush_denormal(0);
        }
        Assert.NotEqual(0f, (tiny * 2).item<float>());
    }
}
