using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Models;

public class FeatureTapsTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void EveryTapOfEveryNetwork_GivesTheShapeItClaims(int classes)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        // Of networks that read texts, TextNetworkTests.
        foreach (var (name, architecture) in ArchitectureCatalogue.All.Where(network => network.Value.Takes != InputKind.Text))
        {
            // Plain CNNs are of another outline for few classes, and they alone.
            if (classes == 10 && !name.StartsWith("plane", StringComparison.Ordinal)) continue;
            using var call = NewDisposeScope();
            var (inputs, shape) = Fixtures.For(name, classes, 1);
            var promised = architecture.Taps(shape);
            using var network = Networks.Build(name, shape, seed: null);
            using var taps = new FeatureTaps(network, promised.Select(tap => tap.Name));
            var logits = network.call(inputs);
            foreach (var tap in promised)
                Assert.True(taps[tap.Name].shape.SequenceEqual([1, .. tap.Shape.Select(size => (long)size)]), $"{name}: {tap} promised, [{string.Join(", ", taps[tap.Name].shape)}] given");
            // Every module has a tap, and every tap but the embedding is a module.
            Assert.Equal(network.named_modules().Select(named => named.name).Where(path => path.Length > 0).Append(Tap.Embedding).Order(StringComparer.Ordinal), promised.Select(tap => tap.Name).Order(StringComparer.Ordinal));
            // Wide ResNets have norm and ReLU behind the stage; ShuffleNetV2 shuffles channels behind the ReLU.
            Assert.All(promised.Where(tap => tap.BeforeRelu is not null && architecture.Family != "wide ResNet"), tap => Fixtures.AssertClose(taps[tap.Name].mean([1]), taps[tap.BeforeRelu!].relu().mean([1])));
            Assert.Contains(promised, tap => tap.EndsStage);
            var (weight, bias) = (network.parameters().ElementAt(^2), network.parameters().Last());
            Fixtures.AssertClose(logits, nn.functional.linear(taps[Tap.Embedding], weight, bias));
        }
    }

    [Theory]
    [InlineData("resnet8")]
    [InlineData("resnet8a")]
    [InlineData("resnet50")]
    [InlineData("wrn16_1")]
    [InlineData("vgg8")]
    [InlineData("mobilenetv2")]
    [InlineData("shufflenetv1")]
    [InlineData("shufflenetv2")]
    [InlineData("plane8")]
    [InlineData("mlp16")]
    public void Taps_OnEveryModule_ReadWhatItGaveAndChangeNoGradient(string name)
    {
        using var scope = NewDisposeScope();
        var (pictures, shape) = Fixtures.For(name, 10, 2);
        // Few numbers in a batch's statistics make much of rounding.
        using var network = Networks.Build(name, shape, seed: 1).to(float64);
        var inputs = pictures.to(float64);
        Tensor Gradient()
        {
            network.zero_grad();
            network.call(inputs).square().sum().backward();
            // Of the first weights, which every path leads back to.
            return network.parameters().First().grad!.clone();
        }
        var alone = Gradient();
        var given = new Dictionary<string, Tensor>();
        // The copy is made before anything can change the output in place.
        foreach (var (path, module) in network.named_modules().Where(named => named.name.Length > 0))
        {
            ((nn.Module<Tensor, Tensor>)module).register_forward_hook((_, _, output) =>
            {
                given[path] = output.detach().clone().DetachFromDisposeScope();
                return output;
            });
        }
        using var taps = new FeatureTaps(network, network.named_modules().Select(named => named.name).Where(path => path.Length > 0));
        var watched = Gradient();
        Assert.NotEmpty(given);
        foreach (var (path, copy) in given)
        {
            Assert.True(taps[path].allclose(copy, 0, 0), path);
            copy.Dispose();
        }
        Fixtures.AssertClose(alone, watched);
    }

    [Fact]
    public void Features_AreThoseOfTheLatestCall_AndCarryGradients()
    {
        using var scope = NewDisposeScope();
        using var network = Networks.Build("resnet8", 10, seed: 1);
        using var taps = new FeatureTaps(network, ["layer1", "layer2"]);
        network.call(Fixtures.Pictures(3));
        var earlier = taps["layer2"];
        network.call(Fixtures.Pictures(2));
        Assert.Equal([2, 32, 16, 16], taps["layer2"].shape);
        // Two calls of one step may both take part in its loss.
        Assert.Equal([3, 32, 16, 16], earlier.shape);

        taps["layer1"].square().mean().backward();
        var reached = network.named_parameters().Where(named => named.parameter.grad is not null).Select(named => named.name.Split('.')[0]).Distinct();
        Assert.Equal(["conv1", "bn1", "layer1"], reached);
    }

    [Fact]
    public void Features_BelongToTheScopeOfTheCall_AndNothingStaysBehind()
    {
        using var network = Networks.Build("resnet8", 10, seed: 1);
        using var pictures = Fixtures.Pictures(2);
        using var taps = new FeatureTaps(network, ["conv1", "layer1.0", "layer1", "layer3", Tap.Embedding]);
        Step();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 20; i++) Step();
        // What other tests forgot may be freed meanwhile.
        Assert.InRange(Tensor.TotalCount, 0, before);

        void Step()
        {
            using var scope = NewDisposeScope();
            var logits = network.call(pictures);
            (logits.square().mean() + taps["layer1"].square().mean() + taps[Tap.Embedding].mean()).backward();
            network.zero_grad();
        }
    }

    [Fact]
    public void Dispose_LeavesTheNetworkAsItWas()
    {
        using var scope = NewDisposeScope();
        using var network = Networks.Build("resnet8", 10, seed: 1);
        var taps = new FeatureTaps(network, ["layer1"]);
        network.call(Fixtures.Pictures(3));
        taps.Dispose();
        network.call(Fixtures.Pictures(2));
        Assert.Equal(3, taps["layer1"].shape[0]);
    }

    [Fact]
    public void UnknownTaps_AreNamed()
    {
        using var network = Networks.Build("resnet8", 10, seed: 1);
        var refusal = Assert.Throws<RunException>(() => new FeatureTaps(network, ["layer1", "layer4", "layer9.0"]));
        Assert.Equal(FailureCode.InvalidPlan, refusal.Code);
        Assert.Contains("layer4, layer9.0", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TapsThatNoCallReaches_AreNamed()
    {
        using var scope = NewDisposeScope();
        using var network = new Idle();
        using var taps = new FeatureTaps(network, ["idle"]);
        var refusal = Assert.Throws<RunException>(() => network.call(zeros(1, 2)));
        Assert.Contains("idle given", refusal.Message, StringComparison.Ordinal);
    }

    private sealed class Idle : nn.Module<Tensor, Tensor>
    {
        public Idle() : base(nameof(Idle)) => register_module("idle", nn.Linear(2, 2));

        public override Tensor forward(Tensor input) => input.alias();
    }
}
