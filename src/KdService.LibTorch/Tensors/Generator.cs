using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers whose state can be saved and restored.</summary>
    public sealed unsafe class Generator : IDisposable
    {
        private static Generator? _default;
        private IntPtr _handle;

        private Generator(IntPtr handle, Device device) => (_handle, this.device) = (handle, device);

        /// <summary>A generator of its own, on the CPU.</summary>
        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            if (this.device.type != DeviceType.CPU) throw new NotSupportedException($"Generator: device {this.device} given; generators of one's own live on the cpu.");
            IntPtr handle;
            Native.Check(Native.kd_generator_new(seed, &handle));
            _handle = handle;
        }

        ~Generator() => Free();

        /// <summary>The CPU generator that operators use when none is named. The process has one.</summary>
        public static Generator Default => _default ??= DefaultOf(CPU);

        /// <summary>The generator that operators on <paramref name="device"/> use when none is named.</summary>
        internal static Generator DefaultOf(Device device)
        {
            IntPtr handle;
            Native.Check(Native.kd_generator_default((int)device.type, device.index, &handle));
            return new Generator(handle, device);
        }

        public Device device { get; }

        public IntPtr Handle => _handle != IntPtr.Zero ? _handle : throw new ObjectDisposedException(nameof(Generator));

        /// <summary>The whole state, as bytes.</summary>
        public Tensor get_state()
        {
            IntPtr state;
            Native.Check(Native.kd_generator_get_state(Handle, &state));
            return new Tensor(state);
        }

        public void set_state(Tensor value)
        {
            Native.Check(Native.kd_generator_set_state(Handle, value.Handle));
            GC.KeepAlive(value);
        }

        public Generator manual_seed(long seed)
        {
            Native.Check(Native.kd_generator_set_seed(Handle, unchecked((ulong)seed)));
            return this;
        }

        /// <summary>Seeds from the operating system's entropy; returns the seed.</summary>
        public long seed()
        {
            ulong seed;
            Native.Check(Native.kd_generator_reseed(Handle, &seed));
            return unchecked((long)seed);
        }

        public long initial_seed() => unchecked((long)Native.kd_generator_initial_seed(Handle));

        public void Dispose()
        {
            if (ReferenceEquals(this, _default)) return;
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            var handle = Interlocked.Exchange(ref _handle, IntPtr.Zero);
            if (handle != IntPtr.Zero) Native.kd_generator_free(handle);
        }
    }

    /// <summary>Seeds the CPU's generator and those of every accelerator.</summary>
    public static unsafe Generator manual_seed(long seed)
    {
        Native.Check(Native.kd_manual_seed(unchecked((ulong)seed)));
        return Generator.Default;
    }

    public static long seed() => Generator.Default.seed();

    public static long initial_seed() => Generator.Default.initial_seed();

    public static Tensor get_rng_state() => Generator.Default.get_state();

    public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);

    public static class random
    {
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);

        public static long seed() => torch.seed();

        public static long initial_seed() => torch.initial_seed();

        public static Tensor get_rng_state() => torch.get_rng_state();

        public static void set_rng_state(Tensor new_state) => torch.set_rng_state(new_state);
    }
}
