using System.Text;
using System.Text.Json;

namespace KdService.Text.Tests;

/// <summary>What Python computed (<c>python/make_fixtures.py</c>).</summary>
internal static class Fixtures
{
    public static JsonElement Read(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name))).RootElement;

    /// <summary>A text written as UTF-16 in hexadecimal, for lone surrogates do not pass through JSON.</summary>
    public static string Units(JsonElement text)
    {
        var bytes = Convert.FromHexString(text.GetString()!);
        return string.Create(bytes.Length / 2, bytes, (units, content) =>
        {
            for (var i = 0; i < units.Length; i++) units[i] = (char)((content[2 * i] << 8) | content[2 * i + 1]);
        });
    }

    /// <summary>A text with what cannot be seen in it spelt out, for messages.</summary>
    public static string Visible(string text) =>
        text.Aggregate(new StringBuilder(), (all, unit) => unit is >= ' ' and <= '~' ? all.Append(unit) : all.Append($"\\u{(int)unit:x4}")).ToString();

    public static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];
}
