using System.Globalization;

namespace KdService.Cli.Display;

/// <summary>Quantities as people read them.</summary>
public static class Units
{
    /// <summary><c>8 s</c>, <c>1 min 20 s</c>, <c>2 h 5 min</c>.</summary>
    public static string Duration(double seconds)
    {
        var span = TimeSpan.FromSeconds(Math.Round(Math.Max(0, seconds)));
        return span switch
        {
            { TotalMinutes: < 1 } => $"{span.Seconds} s",
            { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds} s",
            { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes} min",
            _ => $"{(int)span.TotalDays} d {span.Hours} h",
        };
    }

    /// <summary><c>61.2 %</c> for 0.612; a dash for null.</summary>
    public static string Percent(double? fraction) => fraction is { } value ? $"{(value * 100).ToString("0.0", CultureInfo.InvariantCulture)} %" : "-";

    /// <summary><c>78,042</c>.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary><c>312 KB</c>, <c>1.2 GB</c>: powers of 1024.</summary>
    public static string Bytes(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        for (; size >= 1024 && unit < units.Length - 1; unit++) size /= 1024;
        return $"{size.ToString(size >= 10 || unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture)} {units[unit]}";
    }
}
