namespace KdService.LibTorch.Extras;

public readonly partial record struct DeviceMemory
{
    private const string Reason = "the TorchSharp packages have no memory statistics; build with -p:TorchProvider=LibTorch";

    /// <summary>Not in the packages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static DeviceMemory Of(int gpu = 0) => throw new NotSupportedException(Reason);

    /// <summary>Not in the packages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static void ResetPeaks(int gpu = 0) => throw new NotSupportedException(Reason);

    /// <summary>Nothing to do: the packages keep their cache.</summary>
    public static void EmptyCache()
    {
    }
}
