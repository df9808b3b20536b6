using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KdService.Jobs;

/// <summary>Bytes under their sha256, in a folder: <c>objects/ab/ab12...</c>. What is there is complete; it is never changed, only removed.</summary>
public sealed class ArtifactStore
{
    private const int NotThere = 2; // ENOENT
    private const int CrossDevice = 18; // EXDEV
    private const int NotPermitted = 1; // EPERM: the file system has no hard links

    private readonly string _objects;
    private readonly string _incoming;

    /// <summary>Opens the store of a node, creating its folders.</summary>
    public ArtifactStore(KdOptions options)
    {
        _objects = Directory.CreateDirectory(Path.Combine(options.ArtifactRoot, "objects")).FullName;
        _incoming = Directory.CreateDirectory(Path.Combine(options.ArtifactRoot, "incoming")).FullName;
    }

    /// <summary>Takes a file in. The file itself stays; the store links it where the file system can, else copies it.</summary>
    /// <returns>The checksum in lower-case hexadecimal, and the length.</returns>
    /// <exception cref="IOException">The file cannot be read, or the store's disk is full.</exception>
    public async Task<(string Sha256, long Bytes)> PutAsync(string path, CancellationToken cancellation)
    {
        var incoming = Path.Combine(_incoming, Guid.NewGuid().ToString("n"));
        try
        {
            LinkOrCopy(path, incoming);
            string sha256;
            long bytes;
            await using (var file = new FileStream(incoming, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, useAsync: true))
            {
                sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
                bytes = file.Length;
            }
            Posix.Flush(incoming);
            var target = PathOf(sha256);
            var folder = Path.GetDirectoryName(target)!;
            Directory.CreateDirectory(folder);
            File.Move(incoming, target, overwrite: true);
            Posix.Flush(folder);
            return (sha256, bytes);
        }
        finally
        {
            File.Delete(incoming);
        }
    }

    /// <summary>Opens bytes for reading; null if the store does not hold them, or the text is no checksum.</summary>
    public FileStream? Open(string sha256)
    {
        if (!IsChecksum(sha256)) return null;
        try
        {
            return new FileStream(PathOf(sha256), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            // Not an error: the caller asked whether it is there.
            return null;
        }
    }

    /// <summary>The length of bytes in the store; null if they are not there.</summary>
    public long? Length(string sha256) =>
        IsChecksum(sha256) && new FileInfo(PathOf(sha256)) is { Exists: true } file ? file.Length : null;

    /// <summary>Puts bytes of the store at a path, which must be free.</summary>
    /// <exception cref="FileNotFoundException">The store does not hold them.</exception>
    public void Fetch(string sha256, string path)
    {
        if (!IsChecksum(sha256) || !File.Exists(PathOf(sha256))) throw new FileNotFoundException($"the artifact store has no {sha256}");
        LinkOrCopy(PathOf(sha256), path);
    }

    /// <summary>Removes bytes, if they are there. The caller holds the lock under which references are registered.</summary>
    internal void Delete(string sha256) => File.Delete(PathOf(sha256));

    /// <summary>Checksums of bytes that were written before a moment.</summary>
    internal IEnumerable<string> ListOlderThan(DateTime moment) => new DirectoryInfo(_objects)
        .EnumerateFiles("*", SearchOption.AllDirectories)
        .Where(file => file.LastWriteTimeUtc < moment && IsChecksum(file.Name))
        .Select(file => file.Name);

    /// <summary>Whether a text is a sha256 in lower-case hexadecimal; only such a text becomes part of a path.</summary>
    public static bool IsChecksum(string? text) =>
        text is { Length: 64 } && text.All(character => character is >= '0' and <= '9' or >= 'a' and <= 'f');

    private string PathOf(string sha256) => IsChecksum(sha256)
        ? Path.Combine(_objects, sha256[..2], sha256)
        : throw new ArgumentException("not a sha256 in lower-case hexadecimal", nameof(sha256));

    private static void LinkOrCopy(string from, string to)
    {
        if (Posix.Link(from, to) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        if (error == NotThere) throw new FileNotFoundException($"{from} is not there");
        if (error is not (CrossDevice or NotPermitted)) throw new IOException($"cannot link {from} to {to}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        File.Copy(from, to);
    }
}
