using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class ModuleTests
{
    private sealed class Net : Module<Tensor, Tensor>
    {
#pragma warning disable IDE1006 // the names of the fields are the names of the components
        private readonly Conv2d conv1 = Conv2d(1, 2, 3);
        private readonly BatchNorm2d bn1 = BatchNorm2d(2);
        private readonly ModuleList<Module<Tensor, Tensor>> blocks = new(Linear(2, 2), Dropout());
        private readonly Parameter scale = nn.Parameter(ones(1));
        private readonly Tensor offset = zeros(1);
        private readonly Module<Tensor, Tensor>? absent;
#pragma warning restore IDE1006

        public Net(Module<Tensor, Tensor>? absent = null) : base(nameof(Net))
        {
            this.absent = absent;
            register_buffer("cache", ones(3), persistent: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var x = functional.adaptive_avg_pool2d(bn1.call(conv1.call(input)), 1).flatten(1);
            foreach (var block in blocks) x = block.call(x);
            return (absent is null ? x : absent.call(x)) * scale + offset;
        }
    }

    [Fact]
    public void Names_OfRegisteredComponents_AreTheFieldsInOrder()
    {
        using var net = new Net();
        Assert.Equal(["scale", "conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "blocks.0.weight", "blocks.0.bias"],
            net.named_parameters().Select(named => named.name));
        Assert.Equal(["cache", "offset", "bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked"], net.named_buffers().Select(named => named.name));
        Assert.Equal(["conv1", "bn1", "blocks", "blocks.0", "blocks.1"], net.named_modules().Select(named => named.name));
        Assert.DoesNotContain("cache", net.state_dict().Keys);
        Assert.Equal(11, net.state_dict().Count);
        Assert.NotNull(net.get_parameter("blocks.0.bias"));
        Assert.True(net.has_buffer("bn1.running_var"));
        Assert.False(net.has_parameter("bn1.running_var"));
    }

    [Fact]
    public void StateDict_LoadedIntoAnother_GivesTheSameOutputs()
    {
        using var scope = NewDisposeScope();
        using Net from = new(), to = new();
        var images = randn(4, 1, 6, 6);
        _ = from.call(images);
        var (missing, unexpected) = to.load_state_dict(from.state_dict());
        Assert.Empty(missing);
        Assert.Empty(unexpected);
        from.eval();
        to.eval();
        Assert.True(from.call(images).allclose(to.call(images), 0, 0));
    }

    [Fact]
    public void StateDict_WithOtherNamesOrShapes_IsRefusedAndNamesThem()
    {
        using var scope = NewDisposeScope();
        using var net = new Net();
        var state = net.state_dict();
        state.Remove("scale");
        state["extra"] = ones(1);
        var error = Assert.Throws<InvalidOperationException>(() => net.load_state_dict(state));
        Assert.Contains("scale", error.Message, StringComparison.Ordinal);
        Assert.Contains("extra", error.Message, StringComparison.Ordinal);
        var (missing, unexpected) = net.load_state_dict(state, strict: false);
        Assert.Equal(["scale"], missing);
        Assert.Equal(["extra"], unexpected);
        state["offset"] = ones(2);
        Assert.Contains("offset", Assert.Throws<ArgumentException>(() => net.load_state_dict(state, strict: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_SetOnAModule_ReachesEveryModuleWithin()
    {
        using var net = new Net();
        net.eval();
        Assert.All(net.modules(), module => Assert.False(module.training));
        net.train();
        Assert.All(net.modules(), module => Assert.True(module.training));
    }

    [Fact]
    public void To_AnotherType_ConvertsParametersAndFloatingBuffersInPlace()
    {
        using var scope = NewDisposeScope();
        using var net = new Net();
        var before = net.parameters().ToList();
        net.to(ScalarType.Float64);
        Assert.True(before.SequenceEqual(net.parameters(), ReferenceEqualityComparer.Instance));
        Assert.All(net.parameters(), parameter => Assert.Equal(ScalarType.Float64, parameter.dtype));
        Assert.Equal(ScalarType.Int64, net.get_buffer("bn1.num_batches_tracked")!.dtype);
        net.call(randn([4, 1, 6, 6], ScalarType.Float64)).sum().backward();
        Assert.Equal(ScalarType.Float64, before[0].grad!.dtype);
        Assert.Throws<ArgumentException>(() => net.to(ScalarType.Int64));
    }

    [Fact]
    public void ZeroGrad_ByDefault_ForgetsGradients()
    {
        using var scope = NewDisposeScope();
        using var net = new Net();
        net.call(randn(4, 1, 6, 6)).sum().backward();
        net.zero_grad(set_to_none: false);
        Assert.All(net.parameters(), parameter => Assert.Equal(0, parameter.grad!.abs().sum().ToSingle()));
        net.zero_grad();
        Assert.All(net.parameters(), parameter => Assert.Null(parameter.grad));
    }

    [Fact]
    public void Hooks_OfAModule_SeeAndChangeItsOutput()
    {
        using var scope = NewDisposeScope();
        using var layer = Linear(2, 2);
        Tensor? seen = null;
        var watching = layer.register_forward_hook((_, _, output) => seen = output);
        var doubling = layer.register_forward_hook((_, _, output) => output * 2);
        var x = ones(1, 2);
        Assert.True(layer.call(x).allclose(seen! * 2));
        Assert.True(layer.forward(x).allclose(seen!));
        watching.remove();
        doubling.remove();
        seen = null;
        _ = layer.call(x);
        Assert.Null(seen);
    }

    [Fact]
    public void Apply_Visits_EveryModuleAndThenTheRoot()
    {
        using var net = new Net();
        List<string> seen = [];
        net.apply(module => seen.Add(module.GetName()));
        Assert.Equal(["Conv2d", "BatchNorm2d", "Linear", "Dropout", "ModuleList", "Net"], seen);
    }

    [Fact]
    public void ANameTwice_IsRefused()
    {
        using var sequence = Sequential(("a", Linear(1, 1)));
        using var other = Linear(1, 1);
        Assert.Throws<InvalidOperationException>(() => sequence.append("a", other));
        Assert.Throws<ArgumentException>(() => sequence.append("a.b", other));
    }
}
