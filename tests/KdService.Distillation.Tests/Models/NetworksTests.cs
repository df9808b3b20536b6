using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Models;

public class NetworksTests
{
    public static TheoryData<string, int, long> PublishedCounts { get; } = new()
    {
        { "resnet8a", 10, 75_290 }, { "resnet8", 10, 78_042 }, { "resnet8a", 100, 81_140 }, { "resnet8", 100, 83_892 },
        { "resnet14a", 10, 172_506 }, { "resnet14", 10, 175_258 }, { "resnet14a", 100, 178_356 }, { "resnet14", 100, 181_108 },
        { "resnet20a", 10, 269_722 }, { "resnet20", 10, 272_474 }, { "resnet20a", 100, 275_572 }, { "resnet20", 100, 278_324 },
        { "resnet26a", 10, 366_938 }, { "resnet26", 10, 369_690 }, { "resnet26a", 100, 372_788 }, { "resnet26", 100, 375_540 },
        { "resnet32a", 10, 464_154 }, { "resnet32", 10, 466_906 }, { "resnet32a", 100, 470_004 }, { "resnet32", 100, 472_756 },
        { "resnet44a", 10, 658_586 }, { "resnet44", 10, 661_338 }, { "resnet44a", 100, 664_436 }, { "resnet44", 100, 667_188 },
        { "resnet56a", 10, 853_018 }, { "resnet56", 10, 855_770 }, { "resnet56a", 100, 858_868 }, { "resnet56", 100, 861_620 },
        { "resnet110a", 10, 1_727_962 }, { "resnet110", 10, 1_730_714 }, { "resnet110a", 100, 1_733_812 }, { "resnet110", 100, 1_736_564 },
        { "resnet8x4", 10, 1_210_410 }, { "resnet8x4", 100, 1_233_540 }, { "resnet32x4", 10, 7_410_730 }, { "resnet32x4", 100, 7_433_860 },
    };

    public static IEnumerable<object[]> FixtureCases =>
        Fixtures.Read("networks.json").EnumerateArray().Select(given => new object[] { given.GetProperty("network").GetString()!, given.GetProperty("classes").GetInt32() });

    [Theory]
    [MemberData(nameof(PublishedCounts))]
    public void Parameters_OfCifarResNets_AreTheDerivedCountsToTheLastUnit(string name, int classes, long expected)
    {
        using var network = Networks.Build(name, classes, seed: null);
        Assert.Equal(expected, network.parameters().Sum(parameter => parameter.numel()));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void Build_EveryNetworkOfTheCatalogue_HasItsParameters(int classes)
    {
        Assert.Equal(ArchitectureCatalogue.All.Keys.Order(), Networks.Names.Order());
        foreach (var (name, architecture) in ArchitectureCatalogue.All)
        {
            // The deepest of the widest are the same blocks over again.
            var shape = architecture.Takes switch
            {
                InputKind.Text => DataShape.Text(vocabulary: 50, length: 64, Target.Class, classes),
                InputKind.Vectors => DataShape.Vectors(32, classes),
                _ => DataShape.Pictures(classes),
            };
            if (architecture.Parameters(shape) > (name.EndsWith("x4", StringComparison.Ordinal) ? 8_000_000 : 50_000_000)) continue;
            using var network = Networks.Build(name, shape, seed: null);
            Assert.True(architecture.Parameters(shape) == network.parameters().Sum(parameter => parameter.numel()), name);
        }
    }

    [Theory]
    [MemberData(nameof(FixtureCases))]
    public void Build_Seeded_HasPyTorchsWeightsAndLogits(string name, int classes)
    {
        var expected = Fixtures.Read("networks.json").EnumerateArray()
            .Single(given => given.GetProperty("network").GetString() == name && given.GetProperty("classes").GetInt32() == classes);
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        var (inputs, shape) = Fixtures.For(name, classes, 2);
        using var network = Networks.Build(name, shape, expected.GetProperty("seed").GetInt64());

        var state = network.state_dict();
        Assert.Equal(expected.GetProperty("state").EnumerateObject().Select(tensor => tensor.Name), state.Keys);
        foreach (var (key, value) in state)
        {
            var (sum, magnitude) = (expected.GetProperty("state").GetProperty(key)[0].GetDouble(), expected.GetProperty("state").GetProperty(key)[1].GetDouble());
            Assert.True(Math.Abs(value.to(float64).sum().item<double>() - sum) <= 1e-6 * Math.Max(1, magnitude), $"{key}: another sum");
            Assert.True(Math.Abs(value.to(float64).abs().sum().item<double>() - magnitude) <= 1e-6 * Math.Max(1, magnitude), $"{key}: another sum of magnitudes");
        }

        var outline = ArchitectureCatalogue.All[name];
        Assert.Equal(expected.GetProperty("parameters").GetInt64(), outline.Parameters(shape));
        Assert.Equal(expected.GetProperty("multiply_adds").GetInt64(), outline.MultiplyAdds(shape));

        var training = Fixtures.Matrix(expected.GetProperty("training"));
        using (enable_grad())
        using (var exact = Networks.Build(name, shape, expected.GetProperty("seed").GetInt64()).to(float64))
        {
            var logits = exact.call(inputs.to(float64));
            Fixtures.AssertClose(training, logits);
            logits.square().mean().backward();
            var gradient = exact.parameters().First().grad!;
            Fixtures.AssertClose(Fixtures.Vector(expected.GetProperty("gradient")), stack([gradient.sum(), gradient.abs().sum()]));
        }
        // In single precision, where norms see few pixels, PyTorch itself is off by 4e-5.
        Fixtures.AssertClose(training, network.call(inputs), 2e-4);
        network.eval();
        Fixtures.AssertClose(Fixtures.Matrix(expected.GetProperty("evaluation")), network.call(inputs));
    }

    [Theory]
    [InlineData("resnet8")]
    [InlineData("resnet8a")]
    [InlineData("plane6")]
    [InlineData("wrn16_1")]
    [InlineData("mobilenetv2")]
    [InlineData("shufflenetv1")]
    [InlineData("shufflenetv2")]
    public void Forward_ChannelsLastInput_GivesTheSameLogits(string name)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = Networks.Build(name, 10, seed: 3);
        network.eval();
        var pictures = Fixtures.Pictures(4);
        var channelsLast = pictures.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        Assert.False(channelsLast.is_contiguous());
        Fixtures.AssertClose(network.call(pictures), network.call(channelsLast));
    }

    [Fact]
    public void Build_TheSameSeedTwice_GivesTheSameWeightsAndAnotherSeedOthers()
    {
        using var first = Networks.Build("resnet8", 10, seed: 1);
        using var again = Networks.Build("resnet8", 10, seed: 1);
        using var other = Networks.Build("resnet8", 10, seed: 2);
        Assert.Equal(Fixtures.Floats(first.state_dict()["conv1.weight"]), Fixtures.Floats(again.state_dict()["conv1.weight"]));
        Assert.NotEqual(Fixtures.Floats(first.state_dict()["conv1.weight"]), Fixtures.Floats(other.state_dict()["conv1.weight"]));
    }

    [Fact]
    public void Build_UnknownName_SaysWhatIsKnown()
    {
        var refusal = Assert.Throws<RunException>(() => Networks.Build("resnet9", 10, seed: null));
        Assert.Equal(FailureCode.InvalidPlan, refusal.Code);
        Assert.Contains("\"resnet9\" given; did you mean resnet8?", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resnet8")]
    [InlineData("vgg8")]
    [InlineData("wrn16_1")]
    [InlineData("resnet50")]
    [InlineData("mobilenetv2")]
    [InlineData("shufflenetv1")]
    [InlineData("shufflenetv2")]
    public void Forward_ManyTimes_LeavesNoTensorsBehind(string name)
    {
        using var network = Networks.Build(name, 10, seed: null);
        using var pictures = Fixtures.Pictures(1);
        network.call(pictures).Dispose();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 3; i++) network.call(pictures).Dispose();
        // What other tests forgot may be freed meanwhile.
        Assert.InRange(Tensor.TotalCount, 0, before);
    }
}
