using System.Runtime.InteropServices;

namespace KdService.Distillation.Tests;

/// <summary>What native code holds, libtorch's tensors and graphs among it; a handle that .NET forgot is not needed to find it.</summary>
internal static partial class NativeMemory
{
    /// <summary>Bytes that are allocated and not freed in the C library's heaps and mappings.</summary>
    public static long InUse()
    {
        var heaps = Heaps();
        return (long)(heaps.InArenas + heaps.InMappings);
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapUse Heaps();

    // struct mallinfo2: of its ten counts, hblkhd and uordblks.
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private readonly struct HeapUse
    {
        [FieldOffset(32)]
        public readonly nuint InMappings;

        [FieldOffset(56)]
        public readonly nuint InArenas;
    }
}
