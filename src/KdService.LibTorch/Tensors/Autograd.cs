using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>No gradients are recorded on this thread until the returned scope is disposed.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    public static bool is_grad_enabled() => Native.kd_grad_enabled() != 0;

    /// <summary>Like <see cref="no_grad"/>, and tensors made inside can never take part in autograd.</summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    public static bool is_inference_mode_enabled() => Native.kd_inference_enabled() != 0;

    private sealed class GradMode : IDisposable
    {
        private readonly int _before = Native.kd_grad_enabled();

        internal GradMode(bool enabled) => Native.kd_set_grad_enabled(enabled ? 1 : 0);

        public void Dispose() => Native.kd_set_grad_enabled(_before);
    }

    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private IntPtr _guard = Native.kd_inference_enter(enabled ? 1 : 0);

        public void Dispose()
        {
            if (_guard != IntPtr.Zero) Native.kd_inference_leave(_guard);
            _guard = IntPtr.Zero;
        }
    }

    public static unsafe class autograd
    {
        /// <summary>
        /// Gradients of the sum of <paramref name="outputs"/> (each times its <paramref name="grad_outputs"/>) with respect to the
        /// inputs, without touching their <c>grad</c>. An unused input's place holds null, where <paramref name="allow_unused"/>.
        /// </summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            var found = new IntPtr[inputs.Count];
            fixed (IntPtr* outs = Handles(outputs), ins = Handles(inputs), grads = Handles(grad_outputs), results = found)
                Native.Check(Native.kd_grad(outs, outputs.Count, ins, inputs.Count, grads, grad_outputs?.Count ?? 0,
                    retain_graph || create_graph ? 1 : 0, create_graph ? 1 : 0, allow_unused ? 1 : 0, results));
            GC.KeepAlive((outputs, inputs, grad_outputs));
            return found.Select(handle => handle == IntPtr.Zero ? null! : new Tensor(handle)).ToList();
        }

        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null)
        {
            fixed (IntPtr* outs = Handles(tensors), grads = Handles(grad_tensors), ins = Handles(inputs))
                Native.Check(Native.kd_backward(outs, tensors.Count, grads, grad_tensors?.Count ?? 0,
                    retain_graph ?? create_graph ? 1 : 0, create_graph ? 1 : 0, ins, inputs?.Count ?? 0));
            GC.KeepAlive((tensors, grad_tensors, inputs));
        }

        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null,
            bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);

        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false,
            IList<Tensor>? inputs = null) =>
            backward([tensor], [grad_tensor], retain_graph, create_graph, inputs);

        /// <summary>Until disposed, a backward that produces NaN throws and names the operator.</summary>
        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);

        public static AnomalyMode set_detect_anomaly(bool mode, bool check_nan = true) => new(mode, check_nan);

        private static IntPtr[] Handles(IList<Tensor>? tensors) => tensors is null ? [] : tensors.Select(tensor => tensor.Handle).ToArray();
    }
}

public sealed class AnomalyMode : IDisposable
{
    private readonly (int Enabled, int CheckNan) _before = (Native.kd_anomaly_enabled(), Native.kd_anomaly_checks_nan());

    public AnomalyMode(bool enabled, bool check_nan = true) => Native.kd_set_anomaly(enabled ? 1 : 0, check_nan ? 1 : 0);

    public static bool IsEnabled => Native.kd_anomaly_enabled() != 0;

    public static bool ShouldCheckNaN => Native.kd_anomaly_checks_nan() != 0;

    public void Dispose() => Native.kd_set_anomaly(_before.Enabled, _before.CheckNan);
}
