using TorchSharp;
using TorchSharp.Interop;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>
/// Runs matrix products and convolutions in a shorter type (Micikevicius et al. 2018, arXiv:1710.03740) until disposed;
/// parameters and sensitive operators stay float.
/// </summary>
public sealed unsafe class Autocast : IDisposable
{
    private readonly DeviceType _device;
    private readonly int _wasEnabled;
    private readonly int _hadType;
    private bool _disposed;

    private Autocast(DeviceType device, ScalarType type)
    {
        _device = device;
        int enabled, had;
        Native.Check(Native.kd_autocast_set((int)device, 1, (int)type, &enabled, &had));
        (_wasEnabled, _hadType) = (enabled, had);
        Native.kd_autocast_enter();
    }

    /// <summary>Whether a device is made for bfloat16; others emulate it and are slower than with floats.</summary>
    public static bool IsWorthwhile(Device device) => Native.kd_has_bf16((int)device.type, device.index) != 0;

    /// <summary>Opens a scope.</summary>
    /// <param name="device">The device whose operators are meant.</param>
    /// <param name="type">BFloat16, or Float16 on a GPU (which then needs a scaled loss).</param>
    /// <exception cref="ArgumentException">Another type is asked for.</exception>
    public static IDisposable On(Device device, ScalarType type = ScalarType.BFloat16) =>
        type == ScalarType.BFloat16 || (type == ScalarType.Float16 && device.type == DeviceType.CUDA)
            ? new Autocast(device.type, type)
            : throw new ArgumentException($"autocast: {type} on {device} given; BFloat16, or Float16 on a GPU, is possible");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Native.kd_autocast_leave();
        int enabled, had;
        Native.Check(Native.kd_autocast_set((int)_device, _wasEnabled, _hadType, &enabled, &had));
    }
}
