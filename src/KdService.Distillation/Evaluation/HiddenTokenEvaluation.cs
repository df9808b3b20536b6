using System.Diagnostics;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation;

/// <summary>Measures how well a masked language model guesses hidden tokens.</summary>
internal static class HiddenTokenEvaluation
{
    /// <summary>Accuracy and mean negative log likelihood over hidden tokens, which are the same at every call.</summary>
    /// <param name="network">The network; its mode is restored.</param>
    /// <param name="masking">Hides tokens.</param>
    /// <param name="batches">Gives the texts, on the network's device.</param>
    /// <param name="indices">The texts.</param>
    /// <param name="batchSize">Texts per forward pass.</param>
    /// <param name="worked">Hears of every batch: its texts, and the seconds it took; what it throws ends the work.</param>
    public static EvaluationResult Of(MaskedLanguageModel network, TokenMasking masking, SampleBatches batches, ReadOnlySpan<int> indices, int batchSize, Action<int, double> worked)
    {
        using var unrecorded = no_grad();
        using var random = new Generator(Plan.DataSeed);
        var (tokens, right, nll) = (0L, 0.0, 0.0);
        var wasTraining = network.training;
        network.eval();
        try
        {
            foreach (var places in batches.ByLength(indices).Chunk(batchSize))
            {
                using var scope = NewDisposeScope();
                var began = Stopwatch.GetTimestamp();
                var batch = new int[places.Length];
                for (var i = 0; i < batch.Length; i++) batch[i] = indices[places[i]];
                var texts = batches.Load(batch, seed: 0, view: null);
                var hidden = masking.Draw(texts, random);
                var words = texts.select(1, 0)[hidden];
                var logs = network.At(masking.Hide(texts, hidden), hidden).to(float32).log_softmax(1);
                tokens += words.size(0);
                right += logs.argmax(1).eq(words).sum().to(float64).item<double>();
                nll -= logs.gather(1, words.unsqueeze(1)).to(float64).sum().item<double>();
                worked(batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
            }
        }
        finally
        {
            network.train(wasTraining);
        }
        // Without a hidden token nothing was guessed wrong, nor right.
        var guessed = Math.Max(1, tokens);
        return new EvaluationResult { Samples = indices.Length, Accuracy = right / guessed, Nll = nll / guessed };
    }
}
