using static TorchSharp.torch;

namespace KdService.LibTorch.Tests;

/// <summary>Nothing that training or a forgetful caller makes stays behind.</summary>
[Collection(nameof(TensorCount))]
public sealed class LeakTests
{
    [Fact]
    public void Training_OverManySteps_LeavesNoTensorsAndNoMemoryBehind()
    {
        manual_seed(1);
        using var model = nn.Sequential(nn.Conv2d(3, 8, 3, padding: 1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4));
        using var optimizer = optim.Adam(model.parameters(), 0.01);
        using var images = randn(16, 3, 16, 16);
        using var labels = randint(0, 4, [16]);
        for (var i = 0; i < 100; i++) Step();
        var (tensors, bytes) = (Settled(), Resident());
        for (var i = 0; i < 1000; i++) Step();
        Assert.Equal(tensors, Settled());
        // One leaked batch of activations a step would be half a gigabyte.
        Assert.InRange(Resident() - bytes, long.MinValue, 30 << 20);

        void Step()
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(images), labels).backward();
            optimizer.step();
        }

        static long Resident() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }

    [Fact]
    public void Finalisers_FreeWhatWasForgotten()
    {
        var before = Settled();
        // On a thread of its own, where no dispose scope of an earlier test can hold them.
        var thread = new Thread(Forget);
        thread.Start();
        thread.Join();
        Assert.InRange(Settled(), 0, before);

        static void Forget()
        {
            for (var i = 0; i < 50; i++) _ = ones(10);
        }
    }

    // What earlier tests forgot may be freed at any time, so the count means something only once all of that is gone.
    private static long Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return Tensor.TotalCount;
    }
}

/// <summary>The count of tensors is the process's: no other test runs beside these.</summary>
[CollectionDefinition(nameof(TensorCount), DisableParallelization = true)]
public sealed class TensorCount;
