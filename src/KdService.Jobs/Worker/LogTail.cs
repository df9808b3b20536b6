namespace KdService.Jobs.Worker;

/// <summary>The last lines of a trainer's log, which are kept with the attempt.</summary>
internal sealed class LogTail
{
    private const int Lines = 200;
    private const int LongestLine = 2000;

    private readonly Queue<string> _lines = new(Lines);

    public void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count == Lines) _lines.Dequeue();
            // PostgreSQL's text holds everything but the null character.
            _lines.Enqueue((line.Length <= LongestLine ? line : line[..LongestLine]).Replace('\0', ' '));
        }
    }

    public string[] ToArray()
    {
        lock (_lines) return [.. _lines];
    }
}
