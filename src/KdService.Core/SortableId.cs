using System.Security.Cryptography;

namespace KdService.Core;

/// <summary>
/// Ids that sort by the time they were made: 48 bits of milliseconds and 80 random bits, as 26 characters of
/// lower-case Crockford base 32 (a ULID), safe in URLs, file names and database keys.
/// </summary>
public static class SortableId
{
    /// <summary>What an id looks like; anything else in a request is no id.</summary>
    public const string Pattern = "[0-7][0-9a-hjkmnp-tv-z]{25}";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>A new id for this moment.</summary>
    public static string New() => New(DateTimeOffset.UtcNow);

    /// <summary>A new id for a given moment; ids of different milliseconds sort by them.</summary>
    public static string New(DateTimeOffset moment)
    {
        Span<byte> random = stackalloc byte[10];
        RandomNumberGenerator.Fill(random);
        var bits = (UInt128)(ulong)moment.ToUnixTimeMilliseconds() << 80;
        foreach (var (index, value) in random.ToArray().Index()) bits |= (UInt128)value << (72 - 8 * index);
        return string.Create(26, bits, static (text, bits) =>
        {
            for (var i = text.Length - 1; i >= 0; i--, bits >>= 5) text[i] = Alphabet[(int)(bits & 31)];
        });
    }

    /// <summary>Whether a text is an id of this form.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: 26 } && text[0] <= '7' && text.All(character => Alphabet.Contains(character));
}
