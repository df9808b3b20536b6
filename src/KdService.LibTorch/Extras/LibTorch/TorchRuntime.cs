using System.Text.RegularExpressions;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

public static unsafe partial class TorchRuntime
{
    /// <summary>What this process computes with; loads libtorch.</summary>
    public static TorchRuntimeDescription Describe()
    {
        var blas = DescribeBlas();
        var capability = Capability().Match(Native.Text(Native.kd_build_configuration())!);
        var description = new TorchRuntimeDescription("LibTorch", __version__, blas, capability.Success ? capability.Groups[1].Value : "DEFAULT",
            get_num_threads(), cuda.device_count(), []);
        return description with { Warnings = [.. Warnings(description)] };
    }

    private static IEnumerable<string> Warnings(TorchRuntimeDescription description)
    {
        if (description.Blas.Kind == "reference")
            yield return $"the matrix library is the reference BLAS ({description.Blas.File}): transformers run 14 times slower than with OpenBLAS; apt-get install libopenblas0-openmp";
        if (description.Blas.Core is "Prescott" or "Core2" or "Nehalem" && System.Runtime.Intrinsics.X86.Avx2.IsSupported)
            yield return $"OpenBLAS took this processor for a {description.Blas.Core} and runs at a fifth of its speed; set OPENBLAS_CORETYPE to SkylakeX (with AVX-512) or Haswell before the start, as TorchRuntime.Prepare does";
        if (description.Blas.Kind == "OpenBLAS (pthreads)" && description.Threads > 1)
            yield return "OpenBLAS has threads of its own, which ignore the number of threads set here and fight with libtorch's; apt-get install libopenblas0-openmp";
    }

    private static BlasDescription DescribeBlas()
    {
        var file = Native.Text(Native.kd_blas_file());
        // The name is a link that the system's administrator moves between libraries.
        var target = file is null ? null : ResolveLinks(file);
        var configuration = Native.Text(Native.kd_blas_configuration())?.Trim();
        var kind = Native.kd_blas_threading() switch
        {
            2 => "OpenBLAS (OpenMP)",
            1 => "OpenBLAS (pthreads)",
            0 => "OpenBLAS (one thread)",
            _ when target is null => Native.Text(Native.kd_build_configuration())!.Contains("Math Kernel Library", StringComparison.Ordinal) ? "MKL" : "unknown",
            _ when target.Contains("mkl", StringComparison.OrdinalIgnoreCase) => "MKL",
            _ when target.Contains("/blas/", StringComparison.Ordinal) => "reference",
            _ => "unknown",
        };
        return new BlasDescription(kind, target, Native.Text(Native.kd_blas_core()), configuration);
    }

    private static string ResolveLinks(string file) => new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file;

    private static void SetFlushDenormals(bool flush) => _ = Native.kd_set_flush_denormal(flush ? 1 : 0);

    [GeneratedRegex(@"CPU capability usage: (\w+)")]
    private static partial Regex Capability();
}
