using TorchSharp.Interop;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>The version of libtorch that the shim was built against and loaded.</summary>
    public static string __version__ => Native.Text(Native.kd_version())!;

    public static int get_num_threads() => Native.kd_get_num_threads();

    public static void set_num_threads(int num) => Native.Check(Native.kd_set_num_threads(num));

    public static int get_num_interop_threads() => Native.kd_get_num_interop_threads();

    public static void set_num_interop_threads(int num) => Native.Check(Native.kd_set_num_interop_threads(num));

    /// <summary>Operators without a deterministic implementation throw (or only warn) until the returned scope is disposed.</summary>
    public static IDisposable use_deterministic_algorithms(bool mode = true, bool warn_only = false) => new Determinism(mode, warn_only);

    public static bool are_deterministic_algorithms_enabled() => Native.kd_deterministic() != 0;

    public static bool cuda_is_available() => cuda.is_available();

    /// <summary>Does nothing: the type of device is initialised when it is first used.</summary>
    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (deviceType == DeviceType.CUDA && !cuda.is_available())
            throw new InvalidOperationException("CUDA is not available: this libtorch was built without it, or there is no GPU.");
    }

    public static Device InitializeDevice(Device? device)
    {
        InitializeDeviceType((device ??= get_default_device()).type);
        return device;
    }

    private sealed class Determinism : IDisposable
    {
        private readonly (int Mode, int WarnOnly) _before = (Native.kd_deterministic(), Native.kd_deterministic_warn_only());

        internal Determinism(bool mode, bool warnOnly) => Native.kd_set_deterministic(mode ? 1 : 0, warnOnly ? 1 : 0);

        public void Dispose() => Native.kd_set_deterministic(_before.Mode, _before.WarnOnly);
    }

    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static bool is_cudnn_available() => Native.kd_cuda_has_cudnn() != 0;

        public static int device_count() => Native.kd_cuda_device_count();

        public static void manual_seed(long seed) => Generator.DefaultOf(CUDA).manual_seed(seed).Dispose();

        public static void manual_seed_all(long seed)
        {
            for (var i = 0; i < device_count(); i++) Generator.DefaultOf(new Device(DeviceType.CUDA, i)).manual_seed(seed).Dispose();
        }

        public static void synchronize(Device? device = null) => Native.Check(Native.kd_cuda_synchronize(device?.index ?? -1));
    }

    public static class backends
    {
        public static class cuda
        {
            public static class matmul
            {
                public static bool allow_tf32
                {
                    get => Native.kd_cuda_allow_tf32() != 0;
                    set => Native.Check(Native.kd_cuda_set_allow_tf32(value ? 1 : 0));
                }
            }
        }
    }
}
