// Texts a second that a BERT classifies, in batches of texts of about one length: the counterpart of plain.py.
//   TextEvaluation NETWORK THREADS SECONDS TASK DATA TEXTS
// TASK is one of GLUE, whose test texts lie below DATA; their tokens are written to TEXTS, a JSON list a line, for plain.py.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation;
using KdService.Distillation.Models;
using KdService.LibTorch.Extras;
using static TorchSharp.torch;

const int Batch = 32;
var (name, threads, seconds, task, data, file) = (args[0], int.Parse(args[1]), double.Parse(args[2], CultureInfo.InvariantCulture), args[3], args[4], args[5]);
TorchRuntime.Prepare(new TorchRuntimeOptions { Threads = threads });
var dataset = Json.Read<Dataset>($$"""{"name": "glue", "task": "{{task}}"}""");
var texts = (TokenSet)DatasetLoader.LoadTest(dataset, data);
File.WriteAllLines(file, Enumerable.Range(0, texts.Count).Select(text => JsonSerializer.Serialize(texts.Tokens(text).ToArray())));
using var network = Networks.Build(name, dataset.Shape, seed: 1);
var batches = new SampleBatches(texts, dataset, CPU);
int[] all = [.. Enumerable.Range(0, texts.Count)];

void Evaluate() => Evaluator.Logits(network, batches, all, Batch).Dispose();

Evaluate();
var passes = 0;
var watch = Stopwatch.StartNew();
for (; watch.Elapsed.TotalSeconds < seconds; passes++) Evaluate();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{passes * texts.Count / watch.Elapsed.TotalSeconds:F2} texts/s; {texts.Count} texts of {all.Average(text => texts.LengthOf(text)):F1} tokens, the longest {all.Max(text => texts.LengthOf(text))}"));
