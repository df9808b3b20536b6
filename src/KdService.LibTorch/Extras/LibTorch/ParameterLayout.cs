using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

internal static class ParameterLayout
{
    /// <summary>Gives a parameter the same numbers in another layout.</summary>
    internal static void Replace(Parameter parameter, Tensor laidOut) => parameter.SetData(laidOut);
}
