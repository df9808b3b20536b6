using KdService.Core.Plans;
using KdService.Distillation.Models.Text;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>
/// The teacher's anchors answer in turn, each for as long as the student learns from it (Jin et al. 2019, greedy search): every so
/// many epochs it goes on to the furthest anchor that is not much harder for the student than the one it follows, and to the next at least.
/// </summary>
/// <remarks>Hardness is the mean KL(anchor || student) on the selection split.</remarks>
internal sealed class GreedySignal : ITeacherSignal
{
    private readonly RunContext _run;
    private readonly RunState _state;
    private readonly GreedyRoute _route;
    private readonly Learner _student;
    private readonly Func<int, TeacherNetwork> _checkpoint;
    private readonly RouteSignal _signal;

    /// <summary>Opens the route.</summary>
    /// <param name="run">The run.</param>
    /// <param name="state">Keeps the anchor that was chosen.</param>
    /// <param name="route">The anchors and how they are chosen.</param>
    /// <param name="student">The network that learns.</param>
    /// <param name="checkpoint">Loads the network of an anchor, by its epoch.</param>
    /// <param name="open">Opens the signal of an anchor, by its epoch.</param>
    /// <param name="cost">What earlier attempts spent.</param>
    public GreedySignal(RunContext run, RunState state, GreedyRoute route, Learner student, Func<int, TeacherNetwork> checkpoint, Func<int, ITeacherSignal> open, SignalCost cost)
    {
        (_run, _state, _route, _student, _checkpoint) = (run, state, route, student, checkpoint);
        _signal = new RouteSignal(open, cost);
    }

    /// <inheritdoc />
    public SignalCost Cost => _signal.Cost;

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        // A run that goes on at this epoch has chosen already.
        if (_state.Anchor is null) _state.Anchor = new AnchorChoice(epoch, 0);
        else if (epoch % _route.EveryEpochs == 0 && _state.Anchor.Epoch < epoch) _state.Anchor = new AnchorChoice(epoch, Next(_state.Anchor.Index));
        _signal.Prepare(epoch, showing with { Checkpoint = _route.Anchors[_state.Anchor.Index] }, firstShowing);
    }

    /// <inheritdoc />
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs) => _signal.Answer(batch, inputs);

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question) => _signal.Ask(question);

    /// <inheritdoc />
    public void Dispose() => _signal.Dispose();

    private int Next(int current)
    {
        if (current == _route.Anchors.Count - 1) return current;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var student = Evaluations.Logits(_run, _student.Network, _run.Data.Selection).LogDistributions(_run.Plan.Dataset.Shape);
        var followed = DivergenceFrom(current);
        for (var candidate = _route.Anchors.Count - 1; candidate > current + 1; candidate--)
            if (followed >= _route.Threshold * DivergenceFrom(candidate)) return candidate;
        return current + 1;

        double DivergenceFrom(int anchor)
        {
            using var network = _checkpoint(_route.Anchors[anchor]);
            var teacher = new TeacherLogits(_run, network).Of(_run.Data.Selection, view: null, WorkItems.Reference, planned: false).cpu().LogDistributions(_run.Plan.Dataset.Shape);
            return (teacher.exp() * (teacher - student)).sum(1).mean().item<float>();
        }
    }
}
