using KdService.Core.Plans;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Several networks answer, and their mean is the signal.</summary>
internal sealed class EnsembleSignal(IReadOnlyList<ITeacherSignal> members, Averaging averaging) : ITeacherSignal
{
    /// <inheritdoc />
    public SignalCost Cost => members.Aggregate(default(SignalCost), (sum, member) => sum + member.Cost);

    /// <inheritdoc />
    public void Prepare(int epoch, Showing showing, bool firstShowing)
    {
        foreach (var member in members) member.Prepare(epoch, showing, firstShowing);
    }

    /// <inheritdoc />
    /// <remarks>The features are the first network's: those of several have no mean.</remarks>
    public TeacherAnswer Answer(ReadOnlySpan<int> batch, Tensor inputs)
    {
        var answers = new List<TeacherAnswer>();
        foreach (var member in members) answers.Add(member.Answer(batch, inputs));
        return answers[0] with { Logits = Mean([.. answers.Select(answer => answer.Logits)]) };
    }

    /// <inheritdoc />
    public Tensor Ask(Func<nn.Module<Tensor, Tensor>, Tensor> question)
    {
        using var scope = NewDisposeScope();
        return Mean([.. members.Select(member => member.Ask(question))]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var member in members) member.Dispose();
    }

    private Tensor Mean(Tensor[] logits)
    {
        using var scope = NewDisposeScope();
        var all = stack(logits).to(float32); // [networks, batch, classes], or [networks, batch, 2, length]
        // log(1/n sum_i p_i), through logarithms so that nothing underflows.
        var mean = averaging == Averaging.Logits ? all.mean([0]) : all.log_softmax(-1).logsumexp(0) - Math.Log(logits.Length);
        return mean.MoveToOuterDisposeScope();
    }
}
