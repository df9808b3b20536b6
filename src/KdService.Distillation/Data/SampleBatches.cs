using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Data;

/// <summary>Turns samples of a set into network inputs, a whole batch at once.</summary>
/// <param name="set">The samples.</param>
/// <param name="dataset">Gives the mean and deviation that pixels are normalised with.</param>
/// <param name="device">Where the tensors are wanted.</param>
public sealed class SampleBatches(SampleSet set, Dataset dataset, Device device)
{
    private readonly Action<int, Crop, Span<float>> _write = WriterOf(set, dataset);

    /// <summary>Number of samples in the set.</summary>
    public int Count => set.Count;

    /// <summary>Number of classes.</summary>
    public int Classes => set.Classes;

    /// <summary>Normalised pictures, or vectors as they are: float <c>[batch, channels, height, width]</c>, laid out channels-last.</summary>
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
            _write(indices[i], crop, values.Slice(i * size, size));
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

    // Writes one sample, seen through a crop where it is a picture.
    private static Action<int, Crop, Span<float>> WriterOf(SampleSet set, Dataset dataset)
    {
        var size = set.Shape.Channels * set.Shape.Height * set.Shape.Width;
        if (set is VectorSet vectors) return (index, _, output) => vectors.Values.AsSpan(index * size, size).CopyTo(output);
        var (pictures, normaliser) = ((ImageSet)set, new PictureNormaliser(dataset, set.Shape));
        return (index, crop, output) => normaliser.Write(pictures.Pixels.AsSpan(index * size, size), crop, output);
    }

    private Tensor OnDevice(Tensor made)
    {
        if (device.type == DeviceType.CPU) return made;
        using (made) return made.to(device);
    }
}
