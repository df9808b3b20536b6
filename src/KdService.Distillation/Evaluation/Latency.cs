using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation;

/// <summary>Measures how long a network takes to answer. Weights do not matter to that, so those of a fresh network serve.</summary>
internal static class Latency
{
    private static readonly int[] Batches = [1, 32];

    private const int WarmUps = 5;
    private const int FewestRuns = 20;
    private const int MostRuns = 200;

    // A large network on a CPU would take minutes for them all.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The latency of one of a plan's networks at batch 1 and 32, on the run's device with the process's threads.</summary>
    public static IReadOnlyList<LatencyReport> Of(RunContext run, ModelPlan model)
    {
        using var scope = NewDisposeScope();
        using var network = run.Build(model).to(run.Device);
        network.eval();
        return [.. Batches.Select(batch => Measure(network, run.Plan, batch, run.Device))];
    }

    private static LatencyReport Measure(nn.Module<Tensor, Tensor> network, Plan plan, int batch, Device device)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var inputs = Inputs(plan.Dataset.Shape, batch).to(device);
        for (var call = 0; call < WarmUps; call++) Time();
        var milliseconds = new List<double>();
        for (var clock = Stopwatch.StartNew(); milliseconds.Count < FewestRuns || (milliseconds.Count < MostRuns && clock.Elapsed < Patience);) milliseconds.Add(Time());
        milliseconds.Sort();
        return new LatencyReport(batch, milliseconds.Count, Quantile(0.5), Quantile(0.95), Quantile(0.99));

        double Time()
        {
            var began = Stopwatch.GetTimestamp();
            using var logits = network.call(inputs);
            if (device.type == DeviceType.CUDA) cuda.synchronize();
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        double Quantile(double part) => milliseconds[(int)Math.Ceiling(part * milliseconds.Count) - 1];
    }

    // Texts of the greatest length, without padding.
    private static Tensor Inputs(DataShape shape, int batch) => shape.Kind == InputKind.Text
        ? stack([randint(shape.Vocabulary, [batch, shape.Width], dtype: int64), zeros([batch, shape.Width], dtype: int64)], 1)
        : randn(batch, shape.Channels, shape.Height, shape.Width);
}
