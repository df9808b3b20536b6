using System.Text;

namespace KdService.Text;

/// <summary>Lines of UTF-8 text. They end in LF or CRLF and nowhere else: texts hold the other characters that Unicode takes for line ends.</summary>
internal static class TextLines
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The lines of a file and their numbers, from 1. A byte order mark is left out, and so is what follows the last line end if that is nothing.</summary>
    /// <exception cref="TextDataException">The file is missing, or is not UTF-8; the message has the line and the byte.</exception>
    public static IEnumerable<(int Line, string Text)> Read(string path)
    {
        var content = Bytes(path);
        var line = 0;
        for (var at = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0; at < content.Length;)
        {
            line++;
            var end = Array.IndexOf(content, (byte)'\n', at) is >= 0 and var found ? found : content.Length;
            yield return (line, Text(path, line, content, at, end > at && content[end - 1] == '\r' ? end - 1 : end));
            at = end + 1;
        }
    }

    /// <summary>A whole file as text.</summary>
    /// <exception cref="TextDataException">The file is missing, or is not UTF-8.</exception>
    public static string All(string path) => string.Join('\n', Read(path).Select(line => line.Text));

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="TextDataException">The file is missing or cannot be read.</exception>
    public static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TextDataException(path, null, "no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TextDataException(path, null, e.Message, e);
        }
    }

    private static string Text(string path, int line, byte[] content, int start, int end)
    {
        try
        {
            return Strict.GetString(content, start, end - start);
        }
        catch (DecoderFallbackException e)
        {
            throw new TextDataException(path, line, $"byte 0x{content[start + e.Index]:X2} at {start + e.Index} (column {e.Index + 1}) is not UTF-8; text in UTF-8 is right", e);
        }
    }
}
