using KdService.Core.Architectures;
using KdService.Core.Jobs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Models;

/// <summary>
/// Reads features of a network as it runs: what the modules at the taps gave in the latest call, with the graph they were computed
/// in. A feature lives as long as the logits of its call: both belong to the dispose scope that the network was called in.
/// </summary>
public sealed class FeatureTaps : IDisposable
{
    private readonly Dictionary<string, Tensor> _features = [];
    private readonly List<HookRemover> _hooks = [];

    /// <summary>Attaches to a network. It is to be run by <c>call</c>; <c>forward</c> would pass the taps by.</summary>
    /// <param name="network">The network.</param>
    /// <param name="names">Names of taps: paths of modules, or <see cref="Tap.Embedding"/>.</param>
    /// <exception cref="RunException">The network has no such taps; thrown by its first call where it has them but does not call them.</exception>
    public FeatureTaps(Module<Tensor, Tensor> network, IEnumerable<string> names)
    {
        var modules = network.named_modules().ToDictionary(named => named.name, named => named.module as Module<Tensor, Tensor>);
        var classifier = network.LastLinear();
        var wanted = names.Distinct().ToList();
        var unknown = wanted.Where(name => name == Tap.Embedding ? classifier is null : modules.GetValueOrDefault(name) is null).ToList();
        if (unknown.Count > 0) throw Unknown($"{string.Join(", ", unknown)} given; {network.GetName()} has no modules of these names");
        foreach (var name in wanted)
        {
            _hooks.Add(name == Tap.Embedding
                ? classifier!.register_forward_pre_hook((_, input) => Keep(name, input))
                : modules[name]!.register_forward_hook((_, _, output) => Keep(name, output)));
        }
        _hooks.Add(network.register_forward_hook((_, _, logits) =>
        {
            // Only here is the scope of the call the innermost again: what was saved from the network's own scopes goes into it.
            foreach (var name in wanted)
            {
                if (!_features.TryGetValue(name, out var saved)) throw Unknown($"{name} given; a forward pass of {network.GetName()} does not call this module");
                // Losses on features are float in any precision of the network.
                using (saved) _features[name] = saved.alias().InFull();
            }
            return logits;
        }));
    }

    /// <summary>The feature at a tap in the latest call, <c>[batch, ...]</c>.</summary>
    /// <exception cref="KeyNotFoundException">The tap was not asked for, or the network was not called yet.</exception>
    public Tensor this[string name] => _features[name];

    /// <summary>Leaves the network; the features stay with the scope they are in.</summary>
    public void Dispose()
    {
        foreach (var hook in _hooks) hook.remove();
        _hooks.Clear();
    }

    private static RunException Unknown(string what) => new(FailureCode.InvalidPlan, $"taps: {what}");

    // An alias of its own, as the network's scopes dispose the feature itself.
    private Tensor Keep(string name, Tensor feature)
    {
        _features[name] = feature.alias().DetachFromDisposeScope();
        return feature;
    }
}
