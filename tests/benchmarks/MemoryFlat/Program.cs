// Resident memory over 1,000 optimiser steps of a kd job with kept teacher logits; exit code 1 if the last half grows by over 2 %.
// Usage: MemoryFlat [STEPS]; run it with: dotnet run -c Release --project tests/benchmarks/MemoryFlat
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Distillation.Models;
using KdService.Distillation.Training;
using KdService.Distillation.Weights;
using KdService.LibTorch.Extras;
using Microsoft.Extensions.Logging.Abstractions;

const int BatchSize = 32, StepsPerEpoch = 50;
var steps = args is [var given] ? int.Parse(given) : 1000;
TorchRuntime.Prepare(new TorchRuntimeOptions { Threads = 1 });
var runtime = TorchRuntime.Describe();
var folder = Directory.CreateTempSubdirectory("kd-memory-").FullName;
using (var teacher = Networks.Build("resnet20", classes: 10, seed: 1)) WeightsFile.Save(teacher, Path.Combine(folder, "teacher.safetensors"));
var spec = new JobSpec
{
    Dataset = new Procedural { Samples = BatchSize * StepsPerEpoch * 10 / 9 + 1, TestSamples = 100 },
    Teacher = new TeacherSpec { Model = "resnet20" },
    Student = new StudentSpec { Model = "resnet8" },
    Method = new Kd(),
    Training = new TrainingSpec { Epochs = steps / StepsPerEpoch, BatchSize = BatchSize, Optimizer = new Sgd { LearningRate = 0.01 } },
};
var request = new RunRequest
{
    JobId = "memory",
    Attempt = 1,
    Plan = PlanBuilder.Compile(spec),
    DataRoot = folder,
    Inputs = new() { [PlanBuilder.Teacher] = "teacher.safetensors" },
};
var environment = new TrainerEnvironment
{
    LibTorch = runtime.Version,
    Device = "cpu",
    Blas = runtime.Blas.Kind,
    CpuCapability = runtime.CpuCapability,
    Threads = runtime.Threads,
    Trainer = "benchmark",
};

var resident = new List<(long Step, double Megabytes)>();
void Watch(TrainerEvent happened)
{
    if (happened is not MetricsMeasured measured || !measured.Values.ContainsKey("selection/accuracy")) return;
    resident.Add((measured.Step, long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize / 1048576.0));
    Console.WriteLine($"step {measured.Step,5}: {resident[^1].Megabytes,7:F1} MB resident, {GC.GetTotalMemory(false) / 1048576.0,5:F1} MB managed");
}

using (var run = TrainingRun.Open(request, folder, environment, Watch, NullLogger.Instance, CancellationToken.None)) run.Execute();
Directory.Delete(folder, recursive: true);
var half = resident[resident.Count / 2].Megabytes;
var growth = resident[^1].Megabytes / half - 1;
Console.WriteLine($"libtorch {runtime.Version}, {runtime.Blas.Kind}, {runtime.Threads} thread: {growth:P2} from step {resident[resident.Count / 2].Step} to step {resident[^1].Step}");
return growth > 0.02 ? 1 : 0;
