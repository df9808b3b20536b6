namespace KdService.LibTorch.Extras;

/// <summary>Memory that tensors take on a GPU, in bytes.</summary>
/// <param name="Allocated">Held by tensors now.</param>
/// <param name="PeakAllocated">Held by tensors at most, since the start or the last reset.</param>
/// <param name="Reserved">Taken from the device now; what is not allocated is kept for later tensors.</param>
/// <param name="PeakReserved">Taken from the device at most.</param>
public readonly partial record struct DeviceMemory(long Allocated, long PeakAllocated, long Reserved, long PeakReserved);
