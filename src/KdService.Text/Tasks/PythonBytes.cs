using System.Globalization;
using System.Text;

namespace KdService.Text.Tasks;

/// <summary>Texts wrapped as Python writes bytes.</summary>
internal static class PythonBytes
{
    /// <summary>The text inside <c>b'...'</c> or <c>b"..."</c>; a text that is not so wrapped as it is; null where the bytes are not UTF-8 or not well written.</summary>
    public static string? Unwrap(string text)
    {
        if (text is not ['b', '\'' or '"', ..] || text.Length < 3 || text[^1] != text[1]) return text;
        var bytes = new List<byte>(text.Length);
        for (var i = 2; i < text.Length - 1; i++)
        {
            if (text[i] != '\\')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text, i, char.IsSurrogatePair(text, i) ? 2 : 1));
                if (char.IsSurrogatePair(text, i)) i++;
                continue;
            }
            switch (text[++i])
            {
                case 'n': bytes.Add((byte)'\n'); break;
                case 'r': bytes.Add((byte)'\r'); break;
                case 't': bytes.Add((byte)'\t'); break;
                case '\\' or '\'' or '"': bytes.Add((byte)text[i]); break;
                case 'x' when i + 2 < text.Length - 1 && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value):
                    bytes.Add(value);
                    i += 2;
                    break;
                default: return null;
            }
        }
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
