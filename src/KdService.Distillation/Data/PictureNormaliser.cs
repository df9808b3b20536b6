using KdService.Core.Datasets;

namespace KdService.Distillation.Data;

/// <summary>
/// Writes a crop of a colour picture as normalised floats, channels interleaved. There are only 256 pixel values: each channel's
/// table says what they become, rounded once from double.
/// </summary>
internal sealed class PictureNormaliser
{
    private const int Channels = 3;

    private readonly int _height;
    private readonly int _width;
    private readonly float[] _table;

    /// <exception cref="ArgumentException">The pictures are not in three colours.</exception>
    public PictureNormaliser(PictureDataset dataset, DataShape shape)
    {
        if (shape.Channels != Channels) throw new ArgumentException($"pictures of {shape.Channels} channels given; {Channels} are right", nameof(shape));
        (_height, _width) = (shape.Height, shape.Width);
        _table = [.. dataset.Mean.Zip(dataset.Std).SelectMany(channel => Enumerable.Range(0, 256).Select(value => (float)((value / 255.0 - channel.First) / channel.Second)))];
    }

    /// <summary>From bytes <c>[3, height, width]</c> to floats <c>[height, width, 3]</c>.</summary>
    /// <exception cref="ArgumentException">The spans have other lengths.</exception>
    public unsafe void Write(ReadOnlySpan<byte> picture, Crop crop, Span<float> output)
    {
        var plane = _height * _width;
        if (picture.Length != Channels * plane || output.Length != Channels * plane)
            throw new ArgumentException($"{picture.Length} bytes and {output.Length} floats given; {Channels * plane} of each are right");
        // One row of the padded picture in all channels; its margins stay black.
        var stride = _width + 2 * Crop.Padding;
        Span<byte> padded = stackalloc byte[Channels * stride];
        padded.Clear();
        // Pointers: twice as fast as checked spans here. They stay inside by the check above and by the ranges that Crop states.
        fixed (byte* row = padded)
        fixed (float* output0 = output, table0 = _table)
        {
            float* to = output0, table = table0;
            for (var y = 0; y < _height; y++)
            {
                var source = y + crop.Top - Crop.Padding;
                for (var channel = 0; channel < Channels; channel++)
                {
                    var target = padded.Slice(channel * stride + Crop.Padding, _width);
                    if (source >= 0 && source < _height) picture.Slice(channel * plane + source * _width, _width).CopyTo(target);
                    else target.Clear();
                }
                var from = row + crop.Left + (crop.Flip ? _width - 1 : 0);
                var step = crop.Flip ? -1 : 1;
                for (var x = 0; x < _width; x++, from += step, to += Channels)
                {
                    to[0] = table[from[0]];
                    to[1] = table[256 + from[stride]];
                    to[2] = table[512 + from[2 * stride]];
                }
            }
        }
    }
}
