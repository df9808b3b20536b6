using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>The packages have no autocast: everything stays in the type it has.</summary>
public sealed class Autocast : IDisposable
{
    private Autocast()
    {
    }

    /// <summary>Never: there is none.</summary>
    public static bool IsWorthwhile(Device device) => false;

    /// <summary>A scope that changes nothing.</summary>
    public static IDisposable On(Device device, ScalarType type = ScalarType.BFloat16) => new Autocast();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
