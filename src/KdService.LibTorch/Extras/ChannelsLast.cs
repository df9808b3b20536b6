using static TorchSharp.torch;

namespace KdService.LibTorch.Extras;

/// <summary>
/// The layout in which the numbers of one pixel lie together: convolutions are faster in it, on CPUs and GPUs. Shapes do not
/// change; a convolution whose weight or input is channels last gives its output so.
/// </summary>
public static class ChannelsLast
{
    /// <summary>The tensor in channels-last layout (itself, where it already is).</summary>
    /// <param name="images"><c>[batch, channels, height, width]</c>.</param>
    public static Tensor channels_last(this Tensor images) =>
        // Seen as [batch, height, width, channels] the layout is the contiguous one.
        images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

    /// <summary>Lays the four-dimensional parameters of a module out channels last, in place.</summary>
    public static T channels_last<T>(this T module) where T : nn.Module
    {
        using var unrecorded = no_grad();
        using var scope = NewDisposeScope();
        foreach (var parameter in module.parameters())
            if (parameter.ndim == 4) ParameterLayout.Replace(parameter, parameter.channels_last());
        return module;
    }
}
