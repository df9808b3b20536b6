using KdService.Core.Jobs;

namespace KdService.Distillation.Weights;

/// <summary>Writes files that are either complete or not there.</summary>
public static class AtomicFile
{
    // What .NET puts into HResult: errno where there is one (ENOSPC, EDQUOT), Win32's ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL elsewhere.
    private static readonly int[] DiskFullResults = [28, 122, unchecked((int)0x80070070), unchecked((int)0x80070027)];

    /// <summary>
    /// Writes beside <paramref name="path"/>, flushes to the disk, and takes the file's place in one step: a reader, or a crash at any
    /// moment, meets the old file or the new one.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="RunException"><see cref="FailureCode.DiskFull"/>: there is no room; the old file stays as it was.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(partial, path, overwrite: true);
        }
        catch (IOException e) when (DiskFullResults.Contains(e.HResult))
        {
            File.Delete(partial);
            throw new RunException(FailureCode.DiskFull, $"{path}: the disk is full ({e.Message})", e);
        }
    }
}
