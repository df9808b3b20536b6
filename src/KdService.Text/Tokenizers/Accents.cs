using System.Globalization;
using System.Text;

namespace KdService.Text.Tokenizers;

/// <summary>
/// Characters without their accents: canonically decomposed (NFD), nonspacing marks (Mn) left out. .NET normalises nothing but ASCII
/// under invariant globalisation, so the decompositions are a table (<c>decompositions.txt</c>).
/// </summary>
internal static class Accents
{
    // Hangul syllables decompose by arithmetic (Unicode 3.12).
    private const int SyllableBase = 0xAC00, SyllableCount = 11172, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7, VowelCount = 21, TrailCount = 28;

    private static readonly Dictionary<int, Rune[]> Bases = Read();

    /// <summary>Writes what is left of a character to <paramref name="bases"/>, which has room for four, and returns how many characters that is.</summary>
    public static int Strip(Rune rune, Span<Rune> bases)
    {
        if (rune.IsAscii)
        {
            bases[0] = rune;
            return 1;
        }
        var syllable = rune.Value - SyllableBase;
        if (syllable is >= 0 and < SyllableCount)
        {
            bases[0] = new Rune(LeadBase + syllable / (VowelCount * TrailCount));
            bases[1] = new Rune(VowelBase + syllable % (VowelCount * TrailCount) / TrailCount);
            var trail = syllable % TrailCount;
            if (trail == 0) return 2;
            bases[2] = new Rune(TrailBase + trail);
            return 3;
        }
        if (Bases.TryGetValue(rune.Value, out var known))
        {
            known.CopyTo(bases);
            return known.Length;
        }
        if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark) return 0;
        bases[0] = rune;
        return 1;
    }

    private static Dictionary<int, Rune[]> Read()
    {
        using var reader = new StreamReader(typeof(Accents).Assembly.GetManifestResourceStream("decompositions.txt")!, System.Text.Encoding.ASCII);
        var bases = new Dictionary<int, Rune[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            var codes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(code => int.Parse(code, NumberStyles.HexNumber)).ToArray();
            bases.Add(codes[0], [.. codes[1..].Select(code => new Rune(code))]);
        }
        return bases;
    }
}
