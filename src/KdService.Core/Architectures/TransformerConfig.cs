using System.Text.Json;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Architectures;

/// <summary>What the <c>config.json</c> of a Hugging Face folder says of a network that is served here.</summary>
/// <param name="Size">Size and family.</param>
/// <param name="Vocabulary">Entries of the vocabulary.</param>
public sealed record TransformerConfig(Transformer Size, int Vocabulary)
{
    internal const string Regression = "regression";

    /// <summary>Names of the classes, in order; empty where the config has none.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>What is predicted, as far as the config tells: <c>problem_type</c>, and a model for question answering.</summary>
    public Target Target { get; init; }

    /// <summary>The tokens that begin and end a text, which a RoBERTa's config names.</summary>
    public (int Start, int End) Ends { get; init; } = (0, 2);

    /// <summary>Whether the model is one with a head for that; the head of another, such as a class for every token, is not served.</summary>
    public bool ServesHead { get; init; } = true;

    /// <summary>Whether the last layer of a masked-LM head is the word embeddings, as in every model of these families that was published.</summary>
    public bool TiesWords { get; init; } = true;

    /// <summary>The network's name in the catalogue.</summary>
    public string Architecture => Transformers.NameOf(Size);

    /// <summary>Reads a config.</summary>
    /// <param name="json">The document.</param>
    /// <param name="problems">Takes everything about it that is not served.</param>
    /// <returns>The config; null if it is not served.</returns>
    public static TransformerConfig? Parse(ReadOnlyMemory<byte> json, ProblemList problems)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (JsonText.Fault(document.RootElement) is not { } fault) return new TransformerConfigReader(document.RootElement, problems).Read();
            problems.Add(fault.Pointer, fault.Problem);
            return null;
        }
        catch (JsonException e)
        {
            problems.Add("", $"not JSON: {JsonText.Words(e)}");
            return null;
        }
    }

    /// <summary>The config as <c>transformers</c> reads it.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue($"{Size.Family switch { TransformerFamily.Bert => "Bert", TransformerFamily.Roberta => "Roberta", _ => "DistilBert" }}For{(Target == Target.Span ? "QuestionAnswering" : "SequenceClassification")}");
            json.WriteEndArray();
            json.WriteString("model_type", Size.Encoder);
            WriteSize(json);
            json.WriteNumber("vocab_size", Vocabulary);
            json.WriteNumber("max_position_embeddings", Size.Positions);
            // Of a RoBERTa transformers counts positions from here, whatever the vocabulary's padding is, which the mask leaves out.
            json.WriteNumber("pad_token_id", Size.PaddingToken);
            json.WriteNumber("initializer_range", 0.02);
            json.WriteString("torch_dtype", "float32");
            if (Target != Target.Span) WriteLabels(json);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private void WriteSize(Utf8JsonWriter json)
    {
        if (Size.Family == TransformerFamily.DistilBert)
        {
            json.WriteNumber("dim", Size.Hidden);
            json.WriteNumber("n_layers", Size.Layers);
            json.WriteNumber("n_heads", Size.Heads);
            json.WriteNumber("hidden_dim", Size.Inner);
            json.WriteString("activation", "gelu");
            json.WriteNumber("dropout", Transformer.DropoutRate);
            json.WriteNumber("attention_dropout", Transformer.DropoutRate);
            json.WriteNumber("seq_classif_dropout", Transformer.DistilBertClassifierDropoutRate);
            json.WriteBoolean("sinusoidal_pos_embds", false);
            return;
        }
        json.WriteNumber("hidden_size", Size.Hidden);
        json.WriteNumber("num_hidden_layers", Size.Layers);
        json.WriteNumber("num_attention_heads", Size.Heads);
        json.WriteNumber("intermediate_size", Size.Inner);
        json.WriteString("hidden_act", "gelu");
        json.WriteNumber("hidden_dropout_prob", Transformer.DropoutRate);
        json.WriteNumber("attention_probs_dropout_prob", Transformer.DropoutRate);
        json.WriteNumber("type_vocab_size", Size.Segments);
        json.WriteNumber("layer_norm_eps", Size.NormEpsilon);
        json.WriteString("position_embedding_type", "absolute");
        if (Size.Family != TransformerFamily.Roberta) return;
        json.WriteNumber("bos_token_id", Ends.Start);
        json.WriteNumber("eos_token_id", Ends.End);
    }

    private void WriteLabels(Utf8JsonWriter json)
    {
        json.WriteString("problem_type", Target == Target.Value ? Regression : "single_label_classification");
        json.WriteStartObject("id2label");
        foreach (var (id, label) in Labels.Index()) json.WriteString($"{id}", label);
        json.WriteEndObject();
        json.WriteStartObject("label2id");
        foreach (var (id, label) in Labels.Index()) json.WriteNumber(label, id);
        json.WriteEndObject();
    }
}
