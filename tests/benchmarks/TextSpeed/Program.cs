// Training steps per second of a BERT that classifies random texts, and evaluation steps: the counterpart of plain.py.
//   TextSpeed NETWORK THREADS SECONDS LENGTH [fp32|bf16]
using System.Diagnostics;
using System.Globalization;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

const int Vocabulary = 30_522, Batch = 32;
var (name, threads, seconds, length) = (args[0], int.Parse(args[1]), double.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3]));
TorchRuntime.Prepare(new TorchRuntimeOptions { Threads = threads });
using var network = Networks.Build(name, DataShape.Text(Vocabulary, length, Target.Class, 2), seed: 1);
((TextNetwork)network).Precision = args.Length > 4 ? Enum.Parse<Precision>(args[4], ignoreCase: true) : Precision.Fp32;
using var optimizer = optim.AdamW(network.parameters(), 1e-4, weight_decay: 0.01);
using var tokens = Texts();
using var labels = randint(0, 2, [Batch]);

double loss = 0;
void Train()
{
    using var scope = NewDisposeScope();
    optimizer.zero_grad();
    var value = functional.cross_entropy(network.call(tokens), labels);
    value.backward();
    optimizer.step();
    loss = value.item<float>();
}

void Evaluate()
{
    using var scope = NewDisposeScope();
    using var unrecorded = no_grad();
    loss = network.call(tokens).sum().item<float>();
}

var training = Measure(Train);
network.eval();
var evaluation = Measure(Evaluate);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{training:F3} {evaluation:F3} steps/s, peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB"));

double Measure(Action step)
{
    for (var i = 0; i < 3; i++) step();
    var steps = 0;
    var watch = Stopwatch.StartNew();
    for (; watch.Elapsed.TotalSeconds < seconds / 2; steps++) step();
    return steps / watch.Elapsed.TotalSeconds;
}

// Lengths from half the longest up, evenly: the rest is padding, as in a batch of texts of about one length.
static Tensor Lengths(int length) => linspace(length / 2.0, length, Batch).round().to(int64);

Tensor Texts()
{
    using var scope = NewDisposeScope();
    var padding = arange(length, dtype: int64).unsqueeze(0).ge(Lengths(length).unsqueeze(1));
    var ids = randint(1000, Vocabulary, [Batch, length]).masked_fill(padding, -1);
    return stack([ids, zeros_like(ids)], 1).MoveToOuterDisposeScope();
}
