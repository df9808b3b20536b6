using KdService.Core.Architectures;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Models.Text;

public class TextNetworkTests
{
    public static TheoryData<int> Cases { get; } = new(Enumerable.Range(0, TextFixtures.All.Count));

    [Theory]
    [MemberData(nameof(Cases))]
    public void StateDict_HasHuggingFacesNamesAndShapes(int index)
    {
        var given = TextFixtures.All[index];
        using var network = given.Build();
        var expected = given.Json.GetProperty("state").EnumerateObject().Select(weight => $"{weight.Name} {weight.Value.GetRawText()}");
        Assert.Equal(expected.Order(), network.state_dict().Select(weight => $"{weight.Key} [{string.Join(",", weight.Value.shape)}]").Order());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_IsPyTorchs_AndSoAreItsGradients(int index)
    {
        var given = TextFixtures.All[index];
        using var scope = NewDisposeScope();
        using var network = given.Build();
        network.eval();
        Fixtures.AssertClose(given.Logits, given.OfTokens(network.call(given.Tokens)).flatten());

        using var exact = given.Build().to(float64);
        exact.eval();
        var logits = given.OfTokens(exact.call(given.Tokens));
        Fixtures.AssertClose(given.Logits, logits.flatten());
        logits.square().mean().backward();
        foreach (var (name, weight) in exact.named_parameters())
        {
            var expected = Fixtures.Vector(given.Json.GetProperty("gradients").GetProperty(name));
            var gradient = weight.grad ?? zeros_like(weight);
            Fixtures.AssertClose(expected, stack([gradient.sum(), gradient.abs().sum()]));
        }
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("distilbert")]
    public void Taps_GivePyTorchsHiddenStatesAndScores(string family)
    {
        var given = TextFixtures.All.Single(one => one.Family == family && one.Task == "class");
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = given.Build();
        network.eval();
        var promised = ArchitectureCatalogue.Find(given.Network)!.Taps(given.Shape);
        using var taps = new FeatureTaps((nn.Module<Tensor, Tensor>)network, promised.Select(tap => tap.Name));
        network.call(given.Tokens);
        foreach (var tap in promised)
            Assert.True(taps[tap.Name].shape.SequenceEqual([2, .. tap.Shape.Select(size => (long)size)]), $"{tap} promised, [{string.Join(", ", taps[tap.Name].shape)}] given");

        var size = Transformers.Size(given.Network)!;
        Compare("hidden", 0, given.OfTokens(taps[size.Embeddings]));
        for (var layer = 0; layer < size.Layers; layer++)
        {
            Compare("hidden", layer + 1, given.OfTokens(taps[size.Layer(layer)]));
            var scores = taps[size.Scores(layer)];
            var expected = Fixtures.Vector(given.Json.GetProperty("scores")[layer]);
            // Between real tokens: the second text has five.
            Fixtures.AssertClose(expected, cat([scores[0].flatten(), scores[1].narrow(1, 0, 5).narrow(2, 0, 5).flatten()]));
            Assert.True(scores[1].narrow(2, 5, 2).max().item<float>() < -1e30f);
        }

        void Compare(string what, int at, Tensor states)
        {
            var expected = Fixtures.Vector(given.Json.GetProperty(what)[at]);
            Fixtures.AssertClose(expected, states.narrow(1, 0, expected.numel() / states.size(0)).flatten());
        }
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("distilbert")]
    public void Logits_OfANetworkThatIsWatched_AreThoseOfOneThatIsNot(string family)
    {
        // Alone, a classifier's last layer computes the first token's state only.
        var given = TextFixtures.All.Single(one => one.Family == family && one.Task == "class");
        using var scope = NewDisposeScope();
        using var network = given.Build();
        network.eval();
        var alone = network.call(given.Tokens);
        var last = ArchitectureCatalogue.Find(given.Network)!.Taps(given.Shape).Last(tap => tap.EndsStage).Name;
        using var taps = new FeatureTaps(network, [last]);
        Assert.True(network.call(given.Tokens).allclose(alone, 1e-5, 1e-6));
        Assert.Equal(given.Tokens.size(2), taps[last].size(1));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void FromWords_OfTheWordsThemselves_IsForward(int index)
    {
        var given = TextFixtures.All[index];
        using var scope = NewDisposeScope();
        using var network = given.Build() as TextNetwork;
        if (network is null) return;
        network.eval();
        var words = nn.functional.embedding(given.Tokens.select(1, 0).clamp_min(0), network.Words).detach().requires_grad_();
        var logits = network.FromWords(words, given.Tokens);
        Fixtures.AssertClose(network.call(given.Tokens), logits);
        given.OfTokens(logits).square().sum().backward();
        Assert.True(words.grad!.abs().sum().item<float>() > 0);
        // What is padding takes no part.
        Assert.Equal(0, words.grad![1].narrow(0, 5, 2).abs().max().item<float>());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_OfTextsPaddedMore_GivesTheSameLogits(int index)
    {
        var given = TextFixtures.All[index];
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = given.Build();
        network.eval();
        var more = tensor([-1L, 0L]).reshape(1, 2, 1).expand(2, 2, 9);
        var (few, many) = (network.call(given.Tokens), network.call(cat([given.Tokens, more], 2)));
        Fixtures.AssertClose(given.OfTokens(few), given.OfTokens(given.Task == "span" ? many.narrow(2, 0, 7) : given.Task == "words" ? many.narrow(1, 0, 7) : many));
        if (given.Task != "span") return;
        Assert.True(many.narrow(2, 7, 9).max().item<float>() is < -1e30f and > float.NegativeInfinity);

        // A text alone, without padding, takes the way that has no mask.
        var alone = network.call(given.Tokens.narrow(0, 1, 1).narrow(2, 0, 5));
        Fixtures.AssertClose(alone[0], few[1].narrow(1, 0, 5));
    }

    [Fact]
    public void Training_Drops_AndEvaluationDoesNot()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = Networks.Build("bert-l1-h64", TextFixtures.Classes(40, 2), seed: 1);
        var tokens = TextFixtures.All[0].Tokens;
        Assert.NotEqual(Fixtures.Floats(network.call(tokens)), Fixtures.Floats(network.call(tokens)));
        network.eval();
        Assert.Equal(Fixtures.Floats(network.call(tokens)), Fixtures.Floats(network.call(tokens)));
    }

    [Fact]
    public void Weights_AreDrawnAsTheOriginals()
    {
        using var scope = NewDisposeScope();
        using var network = (TextNetwork)Networks.Build("roberta-l1-h128", TextFixtures.Classes(500, 2), seed: 1);
        Assert.InRange(network.Words.std().item<float>(), 0.019f, 0.021f);
        Assert.Equal(0, network.Words[1].abs().max().item<float>());
        Assert.All(network.named_parameters().Where(named => named.name.EndsWith("bias", StringComparison.Ordinal)), named => Assert.Equal(0, named.parameter.abs().max().item<float>()));
        Assert.Equal(1, network.get_parameter("roberta.embeddings.LayerNorm.weight")!.min().item<float>());
        using var again = (TextNetwork)Networks.Build("roberta-l1-h128", TextFixtures.Classes(500, 2), seed: 1);
        Assert.Equal(Fixtures.Floats(network.Words), Fixtures.Floats(again.Words));
    }

    [Fact]
    public void Forward_OfWhatItCannotRead_SaysWhatIsRight()
    {
        using var scope = NewDisposeScope();
        using var network = (TextNetwork)Networks.Build("bert-l1-h64", TextFixtures.Classes(40, 2), seed: 1);
        var tooLong = Assert.Throws<ArgumentException>(() => network.call(zeros([1, 2, 513], ScalarType.Int64)));
        Assert.Contains("texts of 513 tokens given; at most 512", tooLong.Message, StringComparison.Ordinal);
        var flat = Assert.Throws<ArgumentException>(() => network.call(zeros([1, 8], ScalarType.Int64)));
        Assert.Contains("[1, 8] given; Int64 [batch, 2, length] is right", flat.Message, StringComparison.Ordinal);
        var narrow = Assert.Throws<ArgumentException>(() => network.FromWords(zeros([1, 8, 32]), zeros([1, 2, 8], ScalarType.Int64)));
        Assert.Contains("[1, 8, 32] given; [1, 8, 64] is right", narrow.Message, StringComparison.Ordinal);
    }
}
