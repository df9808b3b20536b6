namespace KdService.Jobs;

/// <summary>A file that one process at a time holds; it lets go of it however it ends.</summary>
internal sealed class LockFile : IDisposable
{
    private readonly FileStream _file;

    private LockFile(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="InvalidOperationException">Another process holds it; with the message given.</exception>
    public static LockFile Take(string path, string whenTaken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new LockFile(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException taken)
        {
            throw new InvalidOperationException(whenTaken, taken);
        }
    }

    public void Dispose() => _file.Dispose();
}
