using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Data;

/// <summary>Turns samples of an image set into network inputs, a whole batch at once.</summary>
/// <param name="set">The pictures.</param>
/// <param name="dataset">Gives the mean and deviation that pixels are normalised with.</param>
/// <param name="device">Where the tensors are wanted.</param>
public sealed class ImageBatches(ImageSet set, Dataset dataset, Device device)
{
    private readonly PictureNormaliser _normaliser = new(dataset, set.Shape);

    /// <summary>Number of pictures in the set.</summary>
    public int Count => set.Count;

    /// <summary>Number of classes.</summary>
    public int Classes => set.Classes;

    /// <summary>Normalised pictures, float <c>[batch, channels, height, width]</c>, laid out channels-last.</summary>
    /// <param name="indices">Samples, in the order of the batch.</param>
    /// <param name="seed">Seed of the augmentation.</param>
    /// <param name="view">
    /// Which augmented view: a random crop of the picture padded by 4 black pixels and a random horizontal flip that depend on
    /// (seed, view, sample) alone, not on the batch. Null for the picture as it is.
    /// </param>
    public Tensor Load(ReadOnlySpan<int> indices, long seed, long? view)
    {
        var (channels, height, width) = set.Shape;
        var augmented = view is not null && dataset.Augmentation == Augmentation.CropFlip;
        // Written as [batch, height, width, channels], which permuted is channels-last, the layout convolutions are fastest in.
        using var written = empty(indices.Length, height, width, channels, float32);
        var values = MemoryMarshal.Cast<byte, float>(written.bytes);
        var size = channels * height * width;
        for (var i = 0; i < indices.Length; i++)
        {
            var crop = augmented ? Crop.Random(seed, view!.Value, indices[i]) : Crop.None;
            _normaliser.Write(set.Pixels.AsSpan(indices[i] * size, size), crop, values.Slice(i * size, size));
        }
        return OnDevice(written.permute(0, 3, 1, 2));
    }

    /// <summary>The classes of samples, int64 <c>[batch]</c>.</summary>
    public Tensor Labels(ReadOnlySpan<int> indices)
    {
        var labels = new long[indices.Length];
        for (var i = 0; i < labels.Length; i++) labels[i] = set.Labels[indices[i]];
        return OnDevice(tensor(labels));
    }

    private Tensor OnDevice(Tensor made)
    {
        if (device.type == DeviceType.CPU) return made;
        using (made) return made.to(device);
    }
}
