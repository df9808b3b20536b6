namespace KdService.Text.Tokenizers;

/// <summary>GPT-2's way to write bytes as printable characters, so that any text is a string of 256 letters.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Letters = MakeLetters();
    private static readonly Dictionary<char, byte> Bytes = Letters.Index().ToDictionary(letter => letter.Item, letter => (byte)letter.Index);

    /// <summary>The character that stands for a byte.</summary>
    public static char LetterOf(byte value) => Letters[value];

    /// <summary>The byte that a character stands for, or null where it stands for none.</summary>
    public static byte? ByteOf(char letter) => Bytes.TryGetValue(letter, out var value) ? value : null;

    // Printable characters of Latin-1 stand for themselves, the others for those from U+0100 on, in order.
    private static char[] MakeLetters()
    {
        var letters = new char[256];
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            letters[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : (char)next++;
        }
        return letters;
    }
}
