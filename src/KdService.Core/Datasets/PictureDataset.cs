using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>How training images are varied.</summary>
public enum Augmentation
{
    /// <summary>A random crop of the image padded by 4 pixels, and a random horizontal flip.</summary>
    CropFlip,

    /// <summary>Images as they are.</summary>
    None,
}

/// <summary>Colour pictures of 32x32, normalised by channel and augmented on the way into a network.</summary>
public abstract record PictureDataset : Dataset
{
    /// <summary>How training images are varied.</summary>
    [Field("How training images are varied: crop_flip (pad 4, random crop, random horizontal flip) or none.")]
    public Augmentation Augmentation { get; init; } = Augmentation.CropFlip;

    /// <summary>How many augmented views of each sample exist; epoch e shows view e mod views.</summary>
    [Field("How many augmented views of each sample there are; epoch e shows view e mod views. A bounded number lets the teacher's logits be kept per sample and view; 0 draws new views for ever and needs a live teacher.", Min = 0, Max = 1000)]
    public int Views { get; init; } = 4;

    /// <inheritdoc />
    public override DataShape Shape => DataShape.Pictures(Classes);

    /// <inheritdoc />
    public override int BytesPerValue => 1;

    /// <summary>Mean of each input channel, pixels in [0, 1].</summary>
    public abstract IReadOnlyList<double> Mean { get; }

    /// <summary>Standard deviation of each input channel, pixels in [0, 1].</summary>
    public abstract IReadOnlyList<double> Std { get; }

    /// <inheritdoc />
    public override int? DistinctViews => Augmentation == Augmentation.None ? 1 : Views == 0 ? null : Views;

    /// <inheritdoc />
    /// <remarks>Bounded views come in turn from the start of each stage; of unlimited ones every epoch of the plan has a new one.</remarks>
    public override int? ViewAt(int epoch, int epochsBefore) => (Augmentation, DistinctViews) switch
    {
        (Augmentation.None, _) => null,
        (_, { } views) => epoch % views,
        _ => epochsBefore + epoch,
    };

    /// <inheritdoc />
    public override object Preparation => new { Augmentation, Mean, Std };
}
