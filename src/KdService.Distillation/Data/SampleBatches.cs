using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Data;

/// <summary>Turns samples of a set into network inputs, a whole batch at once.</summary>
/// <param name="set">The samples.</param>
/// <param name="dataset">What networks are trained on; gives the mean and deviation that pixels are normalised with.</param>
/// <param name="device">Where the tensors are wanted.</param>
public sealed class SampleBatches(SampleSet set, Dataset dataset, Device device)
{
    private readonly Action<int, Crop, Span<float>>? _write = WriterOf(set, dataset);

    /// <summary>Number of samples in the set.</summary>
    public int Count => set.Count;

    /// <summary>Shape of one input, and what the networks that are trained on the data predict of it; other data may be labelled otherwise.</summary>
    public DataShape Shape => dataset.Shape;

    /// <summary>
    /// Inputs of a network: normalised pictures, or vectors as they are, float <c>[batch, channels, height, width]</c>, laid out
    /// channels-last; or texts, int64 <c>[batch, 2, length]</c> (<see cref="TokenSet.Load"/>).
    /// </summary>
    /// <param name="indices">Samples, in the order of the batch.</param>
    /// <param name="seed">Seed of the augmentation.</param>
    /// <param name="view">
    /// Which augmented view: a random crop of the picture padded by 4 black pixels and a random horizontal flip that depend on
    /// (seed, view, sample) alone, not on the batch. Null for the picture as it is.
    /// </param>
    public Tensor Load(ReadOnlySpan<int> indices, long seed, long? view)
    {
        if (set is TokenSet texts) return OnDevice(texts.Load(indices));
        var (channels, height, width) = (set.Shape.Channels, set.Shape.Height, set.Shape.Width);
        var augmented = view is not null && dataset is PictureDataset { Augmentation: Augmentation.CropFlip };
        // Written as [batch, height, width, channels], which permuted is channels-last, the layout convolutions are fastest in.
        using var written = empty(indices.Length, height, width, channels, float32);
        var values = MemoryMarshal.Cast<byte, float>(written.bytes);
        for (var i = 0; i < indices.Length; i++)
        {
            var crop = augmented ? Crop.Random(seed, view!.Value, indices[i]) : Crop.None;
            _write!(indices[i], crop, values.Slice(i * set.Shape.Values, set.Shape.Values));
        }
        return OnDevice(written.permute(0, 3, 1, 2));
    }

    /// <summary>The places of samples in a list, those of like length together and the longest first; the list's own order where all are as long.</summary>
    public int[] ByLength(ReadOnlySpan<int> indices)
    {
        var lengths = new int[indices.Length];
        for (var i = 0; i < lengths.Length; i++) lengths[i] = set.LengthOf(indices[i]);
        return [.. Enumerable.Range(0, lengths.Length).OrderByDescending(place => lengths[place])];
    }

    /// <summary>What is right about samples: their classes, int64 <c>[batch]</c>, their values, float <c>[batch]</c>, or their spans' first and last tokens, int64 <c>[batch, 2]</c>.</summary>
    public Tensor Labels(ReadOnlySpan<int> indices)
    {
        if (set.Targets is { } numbers)
        {
            var values = new float[indices.Length];
            for (var i = 0; i < values.Length; i++) values[i] = numbers[indices[i]];
            return OnDevice(tensor(values));
        }
        if (set.Spans is { } spans)
        {
            var places = new long[indices.Length, 2];
            for (var i = 0; i < indices.Length; i++) (places[i, 0], places[i, 1]) = spans[indices[i]];
            return OnDevice(tensor(places));
        }
        var labels = new long[indices.Length];
        for (var i = 0; i < labels.Length; i++) labels[i] = set.Labels[indices[i]];
        return OnDevice(tensor(labels));
    }

    // Writes one sample of floats, seen through a crop where it is a picture; null for texts.
    private static Action<int, Crop, Span<float>>? WriterOf(SampleSet set, Dataset dataset)
    {
        var size = set.Shape.Values;
        switch (set)
        {
            case VectorSet vectors:
                return (index, _, output) => vectors.Values.AsSpan(index * size, size).CopyTo(output);
            case ImageSet pictures:
                var normaliser = new PictureNormaliser((PictureDataset)dataset, set.Shape);
                return (index, crop, output) => normaliser.Write(pictures.Pixels.AsSpan(index * size, size), crop, output);
            default:
                return null;
        }
    }

    private Tensor OnDevice(Tensor made)
    {
        if (device.type == DeviceType.CPU) return made;
        using (made) return made.to(device);
    }
}
