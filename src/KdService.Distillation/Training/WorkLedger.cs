namespace KdService.Distillation.Training;

/// <summary>
/// The work of a run in items that each have a pace of their own: optimiser steps of a stage, teacher passes, evaluations. The
/// part done counts multiply-adds, so that it only rises; the time left uses the measured pace of each item.
/// </summary>
internal sealed class WorkLedger
{
    private readonly Dictionary<string, WorkItem> _items = [];

    /// <summary>Part of all work that is done, in [0, 1].</summary>
    public double Fraction
    {
        get
        {
            var all = _items.Values.Sum(item => item.Samples * item.Cost);
            return all > 0 ? Math.Min(1, _items.Values.Sum(item => item.Done * item.Cost) / all) : 0;
        }
    }

    /// <summary>Seconds left at the pace so far; null before anything was measured.</summary>
    public double? SecondsLeft
    {
        get
        {
            var measured = _items.Values.Where(item => item.Seconds > 0).ToList();
            if (measured.Count == 0) return null;
            var secondsPerCost = measured.Sum(item => item.Seconds) / measured.Sum(item => item.Done * item.Cost);
            return _items.Values.Sum(item => (item.Samples - item.Done) * (item.Seconds > 0 ? item.Seconds / item.Done : item.Cost * secondsPerCost));
        }
    }

    /// <summary>The items as they stand, for a resume checkpoint.</summary>
    public Dictionary<string, WorkItem> Items => new(_items);

    /// <summary>Adds work to do.</summary>
    /// <param name="name">The item; work of the same name adds up.</param>
    /// <param name="samples">Samples to go through.</param>
    /// <param name="cost">Multiply-adds of one sample.</param>
    public void Plan(string name, long samples, double cost) =>
        _items[name] = _items.TryGetValue(name, out var item) ? item with { Samples = item.Samples + samples } : new WorkItem(cost, samples, 0, 0);

    /// <summary>Counts work as done.</summary>
    public void Done(string name, long samples, double seconds)
    {
        var item = _items[name];
        var done = item.Done + samples;
        // Teacher logits whose files were lost are computed once more than planned.
        _items[name] = item with { Done = done, Seconds = item.Seconds + seconds, Samples = Math.Max(item.Samples, done) };
    }

    /// <summary>Takes work off the plan that proves to be done already.</summary>
    public void Skip(string name, long samples)
    {
        var item = _items[name];
        _items[name] = item with { Samples = Math.Max(item.Done, item.Samples - samples) };
    }

    /// <summary>Takes up the items where an earlier attempt stopped.</summary>
    public void Restore(IReadOnlyDictionary<string, WorkItem> items)
    {
        foreach (var (name, item) in items) _items[name] = item;
    }
}

/// <summary>One kind of work.</summary>
/// <param name="Cost">Multiply-adds of one sample.</param>
/// <param name="Samples">Samples to go through.</param>
/// <param name="Done">Samples done.</param>
/// <param name="Seconds">What those took.</param>
internal readonly record struct WorkItem(double Cost, long Samples, long Done, double Seconds);
