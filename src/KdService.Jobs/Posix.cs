using System.Runtime.InteropServices;

namespace KdService.Jobs;

/// <summary>Calls of the operating system that .NET does not offer.</summary>
internal static class Posix
{
    public const int SigTerm = 15;
    public const int SigKill = 9;

    private const int ReadOnly = 0;

    /// <summary>A second name for a file; 0, or -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    public static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string from, [MarshalAs(UnmanagedType.LPUTF8Str)] string to);

    /// <summary>Sends a signal; 0, or -1 when there is no such process any more.</summary>
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "geteuid")]
    public static extern uint EffectiveUser();

    /// <summary>Makes the contents of a file, or the names in a folder, survive a power cut.</summary>
    public static void Flush(string path)
    {
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0) throw new IOException($"cannot open {path}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        var result = Sync(descriptor);
        var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        _ = Close(descriptor);
        if (result != 0) throw new IOException($"cannot write {path} through to its disk: {message}", error);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
