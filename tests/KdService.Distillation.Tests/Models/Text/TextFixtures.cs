using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Models.Text;

/// <summary>What PyTorch computed of a small network that reads texts (<c>python/make_text_fixtures.py</c>).</summary>
internal sealed class TextFixtures
{
    private const int Vocabulary = 40;

    private TextFixtures(JsonElement json) => Json = json;

    public static IReadOnlyList<TextFixtures> All { get; } = [.. Fixtures.Read("texts.json").EnumerateArray().Select(json => new TextFixtures(json))];

    public JsonElement Json { get; }

    public string Family => Json.GetProperty("family").GetString()!;

    public string Task => Json.GetProperty("task").GetString()!;

    public string Network => $"{Family}-l2-h128";

    public DataShape Shape => DataShape.Text(Vocabulary, 7, Task switch { "value" => Target.Value, "span" => Target.Span, _ => Target.Class }, Json.GetProperty("classes").GetInt32());

    public Tensor Tokens => Fixtures.Integers(Json.GetProperty("tokens")).reshape([.. Json.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);

    public Tensor Logits => Fixtures.Vector(Json.GetProperty("logits"));

    public static DataShape Classes(int vocabulary, int classes) => DataShape.Text(vocabulary, 16, Target.Class, classes);

    /// <summary>The network with the weights of <c>numbers()</c> in <c>python/texts.py</c>.</summary>
    public nn.Module<Tensor, Tensor> Build()
    {
        var size = Transformers.Size(Network)!;
        return Filled<nn.Module<Tensor, Tensor>>(Task == "words" ? new MaskedLanguageModel(size, Vocabulary) : TextNetwork.Create(size, Shape), size);
    }

    /// <summary>A network with the weights of <c>numbers()</c> in <c>python/texts.py</c>.</summary>
    public static T Filled<T>(T network, Transformer size) where T : nn.Module
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        foreach (var (name, weight) in network.named_parameters()) weight.copy_(Numbers(name, weight.shape));
        network.state_dict()[$"{size.Embeddings}.word_embeddings.weight"].select(0, size.PaddingToken).zero_();
        return network;
    }

    /// <summary>The rows of real tokens, where there is a row for each token: words <c>[batch, length, width]</c>, spans <c>[batch, 2, length]</c>.</summary>
    public Tensor OfTokens(Tensor values)
    {
        if (values.dim() == 2) return values;
        var real = Tokens.select(1, 0).ge(0);
        return (Task == "span" && values.size(1) == 2 ? values.transpose(1, 2) : values)[real];
    }

    private static Tensor Numbers(string name, long[] shape)
    {
        const long Prime = int.MaxValue;
        var salt = name.Aggregate(0L, (sum, letter) => ((sum * 31) + letter) % Prime);
        var offset = name.EndsWith("norm.weight", StringComparison.OrdinalIgnoreCase) ? 1.0 : 0.0;
        var count = shape.Aggregate(1L, (product, length) => product * length);
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            var value = (((i + 1) * 48271L) + salt) % Prime;
            value = value * value % Prime;
            value = ((value * 16807) + salt) % Prime;
            values[i] = offset + (0.2 * (((double)value / Prime) - 0.5));
        }
        return tensor(values).reshape(shape);
    }
}
