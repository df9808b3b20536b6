using System.Reflection;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Distillation;
using KdService.LibTorch.Extras;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace KdService.Trainer;

/// <summary>Sets the process up before libtorch loads, and says what it runs on.</summary>
internal static class TrainerRuntime
{
    /// <summary>Sets up instruction set, matrix library, threads and denormals.</summary>
    /// <exception cref="RunException">The device that is asked for is not there.</exception>
    public static TrainerEnvironment SetUp(RunRequest request, ILogger log)
    {
        var cores = Environment.ProcessorCount;
        // More threads than cores wait for each other: many times slower, and other jobs of the node with them.
        if (request.Threads > cores) log.LogWarning("resources.threads: {Threads} given; this machine has {Cores} cores, and as many threads are used", request.Threads, cores);
        TorchRuntime.Prepare(new TorchRuntimeOptions { Threads = request.Threads is { } threads ? Math.Min(threads, cores) : null });
        var runtime = TorchRuntime.Describe();
        foreach (var warning in runtime.Warnings) log.LogWarning("{Warning}", warning);
        Require(request.Device);
        var environment = new TrainerEnvironment
        {
            LibTorch = runtime.Version,
            Device = request.Device,
            Blas = runtime.Blas.Kind,
            CpuCapability = runtime.CpuCapability,
            Threads = runtime.Threads,
            Trainer = typeof(TrainerRuntime).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        };
        log.LogInformation("libtorch {LibTorch} on {Device}, {Capability}, {Blas}, {Threads} threads",
            environment.LibTorch, environment.Device, environment.CpuCapability, environment.Blas, environment.Threads);
        return environment;
    }

    private static void Require(string name)
    {
        Device device;
        try
        {
            device = new Device(name);
        }
        // Libtorch's own words do not say which field is meant.
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new RunException(FailureCode.InvalidPlan, $"device: {name} given; cpu, or cuda:0 and up", e);
        }
        if (device.type == TorchSharp.DeviceType.CUDA && Math.Max(0, device.index) >= cuda.device_count())
            throw new RunException(FailureCode.NodeUnfit, $"device: {name} given; this process sees {cuda.device_count()} CUDA devices");
    }
}
