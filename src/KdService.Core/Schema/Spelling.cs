namespace KdService.Core.Schema;

/// <summary>Finds what somebody who misspelt a name will have meant.</summary>
internal static class Spelling
{
    /// <summary>The known name nearest to what was given; null if none is near.</summary>
    public static string? Nearest(string given, IEnumerable<string> known)
    {
        var near = known.MinBy(name => Distance(given, name));
        return near is not null && Distance(given, near) <= Math.Max(2, given.Length / 3) ? near : null;
    }

    /// <summary>The known names nearest to what was given, the nearest first, however far.</summary>
    public static IEnumerable<string> Nearest(string given, IEnumerable<string> known, int count) => known.OrderBy(name => Distance(given, name)).Take(count);

    /// <summary>Levenshtein distance between two names.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 64) return int.MaxValue;
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
