using KdService.Core.Schedules;

namespace KdService.Jobs.Schedules;

/// <summary>
/// What schedules need of a clock that all nodes share: to be woken, on one node, when a cron line's time has come. It owns no
/// truth: the schedule's row says whether a firing is due, and what the engine holds can always be rebuilt from the rows.
/// </summary>
internal interface IFiringEngine
{
    /// <summary>Wakes a schedule at its times; replaces what is there under its id.</summary>
    /// <param name="id">The schedule.</param>
    /// <param name="spec">Its line and time zone.</param>
    /// <param name="first">The first of its times to wake it at.</param>
    /// <param name="cancellation">Cancels.</param>
    Task ScheduleAsync(string id, ScheduleSpec spec, DateTimeOffset first, CancellationToken cancellation);

    /// <summary>Lets a schedule rest.</summary>
    Task UnscheduleAsync(string id, CancellationToken cancellation);

    /// <summary>Every schedule that will be woken.</summary>
    Task<IReadOnlySet<string>> ListAsync(CancellationToken cancellation);
}
