using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>Adds up what came of an attack, sample by sample.</summary>
internal sealed class AttackTally
{
    private int _samples, _attacked, _withstood;
    private double _queries, _change, _maxChange;

    /// <summary>A sample that the network was wrong about anyway.</summary>
    public void Skip() => _samples++;

    /// <summary>An attacked picture.</summary>
    /// <param name="withstood">Whether the network is still right.</param>
    /// <param name="queries">Forward passes spent on it.</param>
    /// <param name="change">Mean change of its values, which are from 0 to 1.</param>
    /// <param name="maxChange">Greatest change of a value.</param>
    public void Add(bool withstood, double queries, double change, double maxChange)
    {
        _samples++;
        _attacked++;
        if (withstood) _withstood++;
        _queries += queries;
        _change += change;
        _maxChange = Math.Max(_maxChange, maxChange);
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
    };

    private static double Part(double part, double whole) => whole == 0 ? 0 : part / whole;
}
