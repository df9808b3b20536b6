using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>How the process is to compute.</summary>
public sealed record TorchRuntimeOptions
{
    /// <summary>Threads inside an operator; null is one a physical core that the process may use.</summary>
    public int? Threads { get; init; }

    /// <summary>Whether numbers too small to be normal count as zero: gradients reach them, and processors are slow at them.</summary>
    public bool FlushDenormals { get; init; } = true;
}

/// <summary>What the process computes with.</summary>
/// <param name="Provider">LibTorch (our binding) or TorchSharp (the packages).</param>
/// <param name="Version">The version of the loaded libtorch.</param>
/// <param name="Blas">The matrix library that is really loaded.</param>
/// <param name="CpuCapability">The instruction set that operators use: DEFAULT, AVX2 or AVX512.</param>
/// <param name="Threads">Threads inside an operator.</param>
/// <param name="CudaDevices">How many GPUs the process can use.</param>
/// <param name="Warnings">What makes this process slow and could be changed, each with what to do.</param>
public sealed record TorchRuntimeDescription(string Provider, string Version, BlasDescription Blas, string CpuCapability, int Threads,
    int CudaDevices, IReadOnlyList<string> Warnings);

/// <summary>A matrix library.</summary>
/// <param name="Kind">"OpenBLAS (OpenMP)", "OpenBLAS (pthreads)", "OpenBLAS (one thread)", "MKL", "reference" or "unknown".</param>
/// <param name="File">The file it was loaded from; null where it is a part of libtorch.</param>
/// <param name="Core">The processor that OpenBLAS's kernels are for; null for another library.</param>
/// <param name="Configuration">What it says of itself; null where it says nothing.</param>
public sealed record BlasDescription(string Kind, string? File, string? Core, string? Configuration);

/// <summary>Sets the process up for computing, and says what it computes with.</summary>
public static partial class TorchRuntime
{
    private static readonly Lock Gate = new();
    private static bool _prepared;

    /// <summary>
    /// Prepares the process: has to run before anything else touches a tensor, because libtorch and its libraries read their
    /// environment while they load. Asks libtorch and OpenBLAS for the widest vectors that the processor has and
    /// OpenMP for short waits, keeps freed memory for the next step instead of giving it back to the system, and sets threads
    /// and denormals.
    /// </summary>
    /// <exception cref="InvalidOperationException">libtorch is loaded already.</exception>
    public static void Prepare(TorchRuntimeOptions? options = null)
    {
        options ??= new TorchRuntimeOptions();
        lock (Gate)
        {
            if (!_prepared)
            {
                if (IsLoaded()) throw new InvalidOperationException("TorchRuntime.Prepare has to run before the first use of a tensor: libtorch is loaded already");
                SetUpEnvironment();
                KeepFreedMemory();
                _prepared = true;
            }
        }
        set_num_threads(options.Threads ?? PhysicalCores());
        SetFlushDenormals(options.FlushDenormals);
    }

    /// <summary>Physical cores among the processors that this process may run on; two hardware threads of a core share its arithmetic.</summary>
    public static int PhysicalCores()
    {
        var available = Environment.ProcessorCount;
        var cores = new HashSet<string>();
        for (var cpu = 0; cpu < 4096; cpu++)
        {
            var file = $"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list";
            if (!File.Exists(file)) break;
            cores.Add(File.ReadAllText(file));
        }
        return cores.Count == 0 ? available : Math.Min(cores.Count, available);
    }

    private static void SetUpEnvironment()
    {
        // .NET's own environment is a copy: native code sees only what the C library is told.
        var hasAvx512 = Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;
        if (hasAvx512) _ = setenv("ATEN_CPU_CAPABILITY", "avx512", 1);
        // OpenBLAS 0.3.21 takes processors newer than itself for a Prescott of 2004 and runs at a fifth of their speed.
        if (hasAvx512) _ = setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
        else if (Avx2.IsSupported && Fma.IsSupported) _ = setenv("OPENBLAS_CORETYPE", "Haswell", 1);
        else _ = unsetenv("OPENBLAS_CORETYPE");
        // OpenMP's threads spin while they wait for one another, by default for milliseconds: where other processes want the same
        // processors, that is time taken from the very thread that is waited for (two threads on two busy cores ran 4 times slower).
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null) _ = setenv("GOMP_SPINCOUNT", "10000", 0);
    }

    private static void KeepFreedMemory()
    {
        // Activations of several megabytes come and go with every step; each time the system hands them out anew it clears them page by page.
        const int TrimThreshold = -1, MmapThreshold = -3, Megabyte = 1 << 20;
        _ = mallopt(MmapThreshold, 32 * Megabyte);
        _ = mallopt(TrimThreshold, 1024 * Megabyte);
    }

    private static bool IsLoaded() => OperatingSystem.IsLinux() && File.ReadLines("/proc/self/maps").Any(line => line.Contains("libtorch_cpu", StringComparison.Ordinal));

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unsetenv(string name);

    [LibraryImport("libc")]
    private static partial int mallopt(int parameter, int value);
}
