using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Text.Tasks;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>What a network says of a text.</summary>
/// <param name="Top">The class it says.</param>
/// <param name="Loss">Negative log likelihood of the true class.</param>
internal readonly record struct Answer(int Top, double Loss);

/// <summary>A text with its tokens, and its words as far as the network reads it.</summary>
/// <param name="Texts">The text, or both of a pair.</param>
/// <param name="Encoded">Its tokens.</param>
/// <param name="Words">Its words: which of the texts, and where in it.</param>
internal sealed record ReadText(IReadOnlyList<string> Texts, TokenizedText Encoded, IReadOnlyList<(int Text, TextSpan Span)> Words)
{
    /// <summary>A word.</summary>
    public string Word(int index) => Words[index].Span.Of(Texts[Words[index].Text]);

    /// <summary>The texts with some words, by their index, written otherwise.</summary>
    public IReadOnlyList<string> With(IReadOnlyDictionary<int, string> written)
    {
        string[] texts = [.. Texts];
        // From the end, so that earlier places stay where they are.
        foreach (var (index, word) in written.OrderByDescending(change => change.Key))
        {
            var (text, span) = Words[index];
            texts[text] = string.Concat(texts[text].AsSpan(0, span.Start), word, texts[text].AsSpan(span.End));
        }
        return texts;
    }
}

/// <summary>A network in evaluation mode under attack: answers questions, and gives gradients.</summary>
/// <param name="network">The network.</param>
/// <param name="dataset">Its texts.</param>
/// <param name="tokenizer">How they are cut into tokens.</param>
/// <param name="device">Where it is.</param>
/// <param name="goOn">Called before each pass; what it throws ends the attack.</param>
internal sealed class TextVictim(TextNetwork network, TextDataset dataset, Tokenizer tokenizer, Device device, Action goOn)
{
    private const int BatchSize = 64;

    /// <summary>How texts are cut into tokens.</summary>
    public Tokenizer Tokenizer => tokenizer;

    /// <summary>Embeddings of words, <c>[vocabulary, hidden]</c>, without a graph.</summary>
    public Tensor Embeddings => network.Words.detach();

    /// <summary>Cuts a text or a pair into tokens.</summary>
    public TokenizedText Encode(IReadOnlyList<string> texts) => tokenizer.Encode(texts[0], texts.Count > 1 ? texts[1] : null, dataset.MaxLength);

    /// <summary>Reads a text as the network does.</summary>
    public ReadText Read(TextExample example)
    {
        string[] texts = example.TextB is { } second ? [example.TextA, second] : [example.TextA];
        var encoded = Encode(texts);
        // What is cut off at the end is never seen.
        var ends = new int[texts.Length];
        foreach (var (sequence, span) in encoded.SequenceIds.Zip(encoded.Offsets))
            if (sequence >= 0) ends[sequence] = Math.Max(ends[sequence], span.End);
        return new ReadText(texts, encoded, [.. texts.Index().SelectMany(text => Words.Of(text.Item, ends[text.Index]).Select(span => (text.Index, span)))]);
    }

    /// <summary>What the network says of texts.</summary>
    /// <param name="texts">Each text's tokens, and how many of them belong to the first segment.</param>
    /// <param name="label">Their class.</param>
    public Answer[] Ask(IReadOnlyList<(int[] Tokens, int First)> texts, int label)
    {
        List<Answer> answers = [];
        foreach (var batch in texts.Chunk(BatchSize))
        {
            goOn();
            using var unrecorded = no_grad();
            using var scope = NewDisposeScope();
            var logits = network.call(Tensor(batch)).to(float32).cpu();
            var losses = -logits.log_softmax(1).select(1, label).contiguous();
            foreach (var (top, loss) in logits.argmax(1).data<long>().Zip(MemoryMarshal.Cast<byte, float>(losses.bytes).ToArray())) answers.Add(new Answer((int)top, loss));
        }
        return [.. answers];
    }

    /// <summary>Gradients of the loss with respect to the embeddings of the words of texts that are equally long, <c>[batch, length, hidden]</c>.</summary>
    /// <inheritdoc cref="Ask" path="/param"/>
    public Tensor Gradient(IReadOnlyList<(int[] Tokens, int First)> texts, int label)
    {
        goOn();
        using var scope = NewDisposeScope();
        var tokens = Tensor(texts);
        var words = Embeddings[tokens.select(1, 0)].requires_grad_();
        // A sum over the batch: each text's gradient is its own.
        var loss = nn.functional.cross_entropy(network.FromWords(words, tokens).to(float32), full(texts.Count, label, int64, device: device), reduction: nn.Reduction.Sum);
        return autograd.grad([loss], [words])[0].to(float32).MoveToOuterDisposeScope();
    }

    private Tensor Tensor(IReadOnlyList<(int[] Tokens, int First)> texts)
    {
        var set = new TokenSet(texts, new int[texts.Count], dataset.Shape);
        return set.Load([.. Enumerable.Range(0, texts.Count)]).to(device);
    }
}

/// <summary>What came of an attack on a text that the network was right about.</summary>
/// <param name="Fooled">Whether the network errs now.</param>
/// <param name="Top">What the network says now.</param>
/// <param name="Queries">Texts that the network was asked about, and gradients.</param>
/// <param name="Written">The words that were changed, by their index, and what they are now.</param>
/// <param name="HasGradient">False where the gradient was zero or not finite, so that it shows no way.</param>
internal sealed record TextOutcome(bool Fooled, int Top, int Queries, IReadOnlyDictionary<int, string> Written, bool HasGradient = true);
