using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>The functions of <c>libkdtorch.so</c>. Handles are owned references; functions that can fail return a message or null.</summary>
internal static unsafe partial class Native
{
    private const string Library = "kdtorch";

#pragma warning disable CA2255 // the resolver has to be in place before the first call, whichever that is
    [ModuleInitializer]
    internal static void Initialize() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Resolve);
#pragma warning restore CA2255

    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library) return IntPtr.Zero;
        var file = Path.Combine(AppContext.BaseDirectory, "libkdtorch.so");
        if (!File.Exists(file))
            throw new DllNotFoundException(
                $"{file} is missing: it is built with the KdService.LibTorch project, which needs libtorch. Run " +
                "`apt-get install libtorch-dev libopenblas0-openmp cmake g++` (or set KD_LIBTORCH to a libtorch or PyTorch folder) and build again.");
        // RTLD_GLOBAL, so that describing the process finds the BLAS behind libtorch.
        var handle = dlopen(file, 0x102);
        if (handle == IntPtr.Zero)
            throw new DllNotFoundException(
                $"{file} does not load: {Marshal.PtrToStringUTF8(dlerror())}. The libtorch it was built against has to be on this machine: " +
                "`apt-get install libtorch-dev libopenblas0-openmp`, or name its lib folder in LD_LIBRARY_PATH.");
        return handle;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial IntPtr dlopen(string file, int flags);

    [LibraryImport("libc")]
    private static partial IntPtr dlerror();

    /// <summary>Throws what libtorch said, if it said anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Check(byte* message)
    {
        if (message != null) Throw(message);
    }

    private static void Throw(byte* message) => throw new ExternalException(Marshal.PtrToStringUTF8((IntPtr)message));

    internal static string? Text(byte* text) => Marshal.PtrToStringUTF8((IntPtr)text);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* kd_operator_find(string name, string overload, IntPtr* op);

    [LibraryImport(Library)]
    internal static partial byte* kd_operator_call(IntPtr op, Value* arguments, int count, Value* results, int capacity);

    [LibraryImport(Library)]
    internal static partial void kd_array_free(void* array);

    [LibraryImport(Library)]
    internal static partial void kd_tensor_free(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial IntPtr kd_tensor_share(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_from_data(void* data, long bytes, long* shape, int dimensions, int scalarType, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_data(IntPtr handle, void** data);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_shape(IntPtr handle, long* sizes, long* strides, int capacity);

    [LibraryImport(Library)]
    internal static partial long kd_tensor_numel(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial long kd_tensor_storage_offset(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_dim(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_dtype(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_element_size(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_is_contiguous(IntPtr handle, int memoryFormat);

    [LibraryImport(Library)]
    internal static partial void kd_tensor_device(IntPtr handle, int* type, int* index);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_set_data(IntPtr handle, IntPtr source);

    [LibraryImport(Library)]
    internal static partial int kd_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void kd_set_grad_enabled(int enabled);

    [LibraryImport(Library)]
    internal static partial int kd_inference_enabled();

    [LibraryImport(Library)]
    internal static partial IntPtr kd_inference_enter(int enabled);

    [LibraryImport(Library)]
    internal static partial void kd_inference_leave(IntPtr guard);

    [LibraryImport(Library)]
    internal static partial int kd_anomaly_enabled();

    [LibraryImport(Library)]
    internal static partial int kd_anomaly_checks_nan();

    [LibraryImport(Library)]
    internal static partial void kd_set_anomaly(int enabled, int checkNan);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_requires_grad(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_set_requires_grad(IntPtr handle, int requiresGrad);

    [LibraryImport(Library)]
    internal static partial int kd_tensor_is_leaf(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_retain_grad(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial IntPtr kd_tensor_grad(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_tensor_set_grad(IntPtr handle, IntPtr grad);

    [LibraryImport(Library)]
    internal static partial byte* kd_backward(IntPtr* tensors, int tensorCount, IntPtr* gradients, int gradientCount, int retainGraph,
        int createGraph, IntPtr* inputs, int inputCount);

    [LibraryImport(Library)]
    internal static partial byte* kd_grad(IntPtr* outputs, int outputCount, IntPtr* inputs, int inputCount, IntPtr* gradients,
        int gradientCount, int retainGraph, int createGraph, int allowUnused, IntPtr* results);

    [LibraryImport(Library)]
    internal static partial byte* kd_manual_seed(ulong seed);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_default(int deviceType, int deviceIndex, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_new(ulong seed, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial void kd_generator_free(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_set_seed(IntPtr handle, ulong seed);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_reseed(IntPtr handle, ulong* seed);

    [LibraryImport(Library)]
    internal static partial ulong kd_generator_initial_seed(IntPtr handle);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_get_state(IntPtr handle, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial byte* kd_generator_set_state(IntPtr handle, IntPtr state);

    [LibraryImport(Library)]
    internal static partial int kd_get_num_threads();

    [LibraryImport(Library)]
    internal static partial byte* kd_set_num_threads(int count);

    [LibraryImport(Library)]
    internal static partial int kd_get_num_interop_threads();

    [LibraryImport(Library)]
    internal static partial byte* kd_set_num_interop_threads(int count);

    [LibraryImport(Library)]
    internal static partial int kd_set_flush_denormal(int enabled);

    [LibraryImport(Library)]
    internal static partial void kd_set_deterministic(int enabled, int warnOnly);

    [LibraryImport(Library)]
    internal static partial int kd_deterministic();

    [LibraryImport(Library)]
    internal static partial int kd_deterministic_warn_only();

    [LibraryImport(Library)]
    internal static partial byte* kd_version();

    [LibraryImport(Library)]
    internal static partial byte* kd_build_configuration();

    [LibraryImport(Library)]
    internal static partial byte* kd_parallel_configuration();

    [LibraryImport(Library)]
    internal static partial byte* kd_blas_file();

    [LibraryImport(Library)]
    internal static partial byte* kd_blas_configuration();

    [LibraryImport(Library)]
    internal static partial byte* kd_blas_core();

    [LibraryImport(Library)]
    internal static partial int kd_blas_threading();

    [LibraryImport(Library)]
    internal static partial int kd_cuda_device_count();

    [LibraryImport(Library)]
    internal static partial int kd_cuda_has_cudnn();

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_synchronize(int index);

    [LibraryImport(Library)]
    internal static partial int kd_cuda_allow_tf32();

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_set_allow_tf32(int allow);

    [LibraryImport(Library)]
    internal static partial void kd_cuda_set_benchmark(int enabled);

    [LibraryImport(Library)]
    internal static partial int kd_has_bf16(int deviceType, int index);

    [LibraryImport(Library)]
    internal static partial byte* kd_autocast_set(int deviceType, int enabled, int scalarType, int* oldEnabled, int* oldScalarType);

    [LibraryImport(Library)]
    internal static partial void kd_autocast_enter();

    [LibraryImport(Library)]
    internal static partial void kd_autocast_leave();

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_memory(int index, long* bytes);

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_reset_peak_memory(int index);

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_empty_cache();

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_graph_new(IntPtr* result);

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_graph_begin(IntPtr graph);

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_graph_end(IntPtr graph);

    [LibraryImport(Library)]
    internal static partial byte* kd_cuda_graph_replay(IntPtr graph);

    [LibraryImport(Library)]
    internal static partial void kd_cuda_graph_free(IntPtr graph);

    [LibraryImport(Library)]
    internal static partial int kd_batch_norm_relu_fits(IntPtr x, IntPtr residual, IntPtr weight);

    [LibraryImport(Library)]
    internal static partial byte* kd_batch_norm_relu(IntPtr x, IntPtr residual, IntPtr weight, IntPtr bias, IntPtr runningMean,
        IntPtr runningVar, int training, double momentum, double eps, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial int kd_dropout_fits(IntPtr x, IntPtr residual);

    [LibraryImport(Library)]
    internal static partial byte* kd_dropout(IntPtr x, IntPtr residual, double p, IntPtr* result);

    [LibraryImport(Library)]
    internal static partial int kd_adam_fits(IntPtr weights, IntPtr gradient, IntPtr first, IntPtr second);

    [LibraryImport(Library)]
    internal static partial byte* kd_adam(IntPtr weights, IntPtr gradient, IntPtr first, IntPtr second, long t, double rate, double beta1, double beta2,
        double eps, double shrink, double penalty);
}
