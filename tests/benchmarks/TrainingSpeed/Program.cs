// Training steps per second of a CIFAR ResNet on random images: the counterpart of plain.py and tuned.py.
//   TrainingSpeed DEPTH THREADS SECONDS
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

var (depth, threads, seconds) = (int.Parse(args[0]), int.Parse(args[1]), double.Parse(args[2], CultureInfo.InvariantCulture));
TorchRuntime.Prepare(new TorchRuntimeOptions { Threads = threads });
manual_seed(1);
using var model = new ResNet(depth).channels_last();
using var images = randn(128, 3, 32, 32).channels_last();
using var labels = randint(0, 10, [128]);
using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9, weight_decay: 1e-4);

double loss = 0;
void Step()
{
    using var scope = NewDisposeScope();
    optimizer.zero_grad();
    var value = functional.cross_entropy(model.call(images), labels);
    value.backward();
    optimizer.step();
    loss = value.item<float>();
}

for (var i = 0; i < 3; i++) Step();
var steps = 0;
var watch = Stopwatch.StartNew();
for (; watch.Elapsed.TotalSeconds < seconds; steps++) Step();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{steps / watch.Elapsed.TotalSeconds:F3} steps/s, loss {loss:F4} after {steps + 3}, peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB"));
if (args.Contains("--describe")) Console.WriteLine(JsonSerializer.Serialize(TorchRuntime.Describe()));
