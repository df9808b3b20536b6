namespace KdService.LibTorch.Extras;

/// <summary>The packages have no CUDA graphs: steps run as they are written.</summary>
public sealed class CudaGraph : IDisposable
{
    private CudaGraph()
    {
    }

    /// <summary>False: check it before recording.</summary>
    public static bool IsSupported => false;

    /// <summary>Not in the packages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static CudaGraph Record(Action step) =>
        throw new NotSupportedException("the TorchSharp packages have no CUDA graphs; build with -p:TorchProvider=LibTorch");

    /// <summary>Not in the packages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public void Replay() => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
