using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

internal static class ParameterLayout
{
    internal static void Replace(Parameter parameter, Tensor laidOut) => parameter.set_(laidOut);
}
