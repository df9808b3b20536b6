using TorchSharp.Interop;

namespace KdService.LibTorch.Extras;

/// <summary>
/// A step recorded on a GPU and replayed without the cost of launching its kernels one by one. The recorded step reads and
/// writes the tensors of the recording: copy new inputs into them before each replay.
/// </summary>
public sealed unsafe class CudaGraph : IDisposable
{
    private IntPtr _graph;

    private CudaGraph(IntPtr graph) => _graph = graph;

    /// <summary>Whether graphs can be recorded here.</summary>
    public static bool IsSupported
    {
        get
        {
            if (!TorchSharp.torch.cuda.is_available()) return false;
            IntPtr graph;
            if (Native.kd_cuda_graph_new(&graph) != null) return false;
            Native.kd_cuda_graph_free(graph);
            return true;
        }
    }

    /// <summary>Records what <paramref name="step"/> does on the current GPU; run the step a few times before, so that it allocates nothing new.</summary>
    /// <exception cref="System.Runtime.InteropServices.ExternalException">The binding was built without CUDA, or the step cannot be recorded.</exception>
    public static CudaGraph Record(Action step)
    {
        IntPtr handle;
        Native.Check(Native.kd_cuda_graph_new(&handle));
        var graph = new CudaGraph(handle);
        try
        {
            Native.Check(Native.kd_cuda_graph_begin(handle));
            try
            {
                step();
            }
            finally
            {
                Native.Check(Native.kd_cuda_graph_end(handle));
            }
            return graph;
        }
        catch
        {
            graph.Dispose();
            throw;
        }
    }

    /// <summary>Runs the recorded step once more, with what its tensors hold now.</summary>
    public void Replay()
    {
        ObjectDisposedException.ThrowIf(_graph == IntPtr.Zero, this);
        Native.Check(Native.kd_cuda_graph_replay(_graph));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_graph != IntPtr.Zero) Native.kd_cuda_graph_free(_graph);
        _graph = IntPtr.Zero;
    }
}
