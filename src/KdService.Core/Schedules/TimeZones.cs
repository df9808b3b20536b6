using KdService.Core.Schema;

namespace KdService.Core.Schedules;

/// <summary>Time zones by their IANA names.</summary>
public static class TimeZones
{
    private const int Suggestions = 3;

    /// <summary>Notes a name that is no time zone, with those that it may stand for.</summary>
    public static void Check(string name, string pointer, ProblemList problems)
    {
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out _)) return;
        var near = Near(name);
        problems.Add(pointer, $"\"{name}\" given; an IANA time zone such as Europe/Berlin, America/New_York or UTC{(near.Count > 0 ? $"; did you mean {string.Join(" or ", near)}?" : "")}");
    }

    /// <summary>Zones of that city, or else the one that is spelt most alike.</summary>
    private static List<string> Near(string name)
    {
        var known = TimeZoneInfo.GetSystemTimeZones().Select(zone => zone.Id).ToList();
        var city = City(name).Replace(' ', '_');
        var same = known.Where(id => City(id).Equals(city, StringComparison.OrdinalIgnoreCase)).Take(Suggestions).ToList();
        return same.Count > 0 ? same : Spelling.Nearest(name, known) is { } near ? [near] : [];
    }

    private static string City(string name) => name[(name.LastIndexOf('/') + 1)..];
}
