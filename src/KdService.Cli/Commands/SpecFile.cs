using System.CommandLine;
using KdService.Core.Schema;

namespace KdService.Cli.Commands;

/// <summary>The spec that a command is about.</summary>
public static class SpecFile
{
    /// <summary>The argument.</summary>
    public static Argument<string> Argument() => new("spec") { Description = "A job spec in JSON; - reads standard input." };

    /// <summary>Its bytes, as they are.</summary>
    /// <exception cref="CommandFailedException">There is no such file, or it is too large for a spec.</exception>
    public static async Task<ReadOnlyMemory<byte>> Read(string path, CancellationToken cancel)
    {
        try
        {
            await using var file = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            using var content = new MemoryStream();
            var block = new byte[1 << 16];
            for (int read; (read = await file.ReadAsync(block, cancel)) > 0;)
            {
                content.Write(block, 0, read);
                if (content.Length > DocumentReader.MaxBytes)
                    throw new CommandFailedException($"{path}: more than {DocumentReader.MaxBytes} bytes; a spec is a small JSON document");
            }
            return content.ToArray();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path}: {unreadable.Message}");
        }
    }
}
