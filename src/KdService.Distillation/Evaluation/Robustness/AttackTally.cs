using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>Adds up what came of an attack, sample by sample.</summary>
internal sealed class AttackTally
{
    private const int MostExamples = 10;

    private readonly HashSet<long> _answers = [];
    private readonly List<AttackedText> _examples = [];
    private int _samples, _attacked, _withstood, _withoutGradient;
    private double _queries, _change, _maxChange;

    /// <summary>A sample that the network was wrong about anyway.</summary>
    /// <param name="answer">The class it said.</param>
    public void Skip(long answer)
    {
        _samples++;
        _answers.Add(answer);
    }

    /// <summary>An attacked sample.</summary>
    /// <param name="answer">The class that the network said before, which was right.</param>
    /// <param name="withstood">Whether the network is still right.</param>
    /// <param name="queries">Forward passes spent on it.</param>
    /// <param name="change">Mean change of a picture's values, which are from 0 to 1; part of a text's words that were changed.</param>
    /// <param name="maxChange">Greatest change of a value; of a text as <paramref name="change"/>.</param>
    /// <param name="hasGradient">False where the attack follows gradients and the first was zero or not finite.</param>
    public void Add(long answer, bool withstood, double queries, double change, double maxChange, bool hasGradient = true)
    {
        _samples++;
        _attacked++;
        _answers.Add(answer);
        if (withstood) _withstood++;
        if (!hasGradient) _withoutGradient++;
        _queries += queries;
        _change += change;
        _maxChange = Math.Max(_maxChange, maxChange);
    }

    /// <summary>A text that the network came to err about; the first few are kept.</summary>
    public void Show(AttackedText example)
    {
        if (_examples.Count < MostExamples) _examples.Add(example);
    }

    /// <summary>The sums as a report; every rate is defined where no sample was attacked.</summary>
    public AttackReport Report(Attack attack) => new()
    {
        Label = attack.Label,
        Attack = attack,
        Samples = _samples,
        Attacked = _attacked,
        Clean = Part(_attacked, _samples),
        Accuracy = Part(_withstood, _samples),
        SuccessRate = Part(_attacked - _withstood, _attacked),
        Queries = Part(_queries, _attacked),
        MeanChange = Part(_change, _attacked),
        MaxChange = _maxChange,
        Warnings = [.. Warnings()],
        Examples = _examples,
    };

    private IEnumerable<string> Warnings()
    {
        if (_samples > 1 && _answers.Count == 1)
            yield return $"the network says class {_answers.Single()} of each of the {_samples} samples; standing an attack so says nothing about robustness";
        if (_withoutGradient > 0)
            yield return $"the gradient was zero or not finite for {_withoutGradient} of {_attacked} samples, which shows an attack no way; attacks without gradients may find one";
    }

    private static double Part(double part, double whole) => whole == 0 ? 0 : part / whole;
}
