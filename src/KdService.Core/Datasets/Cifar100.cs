using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>CIFAR-100 (Krizhevsky 2009): 60,000 colour pictures of 32x32 pixels in 100 classes (fine labels), from the official binary files.</summary>
[Case("cifar100", "CIFAR-100: 50,000 + 10,000 colour pictures, 32x32, 100 fine classes; the official binary version.")]
public sealed record Cifar100 : PictureDataset
{
    private const string Folder = "cifar-100-binary";
    private const long RecordBytes = 2 + 3 * 32 * 32;

    /// <inheritdoc />
    public override int Classes => 100;

    /// <inheritdoc />
    public override int TrainSize => 50_000;

    /// <inheritdoc />
    public override int TestSize => 10_000;

    /// <inheritdoc />
    public override IReadOnlyList<double> Mean { get; } = [0.5071, 0.4867, 0.4408];

    /// <inheritdoc />
    public override IReadOnlyList<double> Std { get; } = [0.2675, 0.2565, 0.2761];

    /// <inheritdoc />
    public override IReadOnlyList<DataFile> Files { get; } =
    [
        new($"{Folder}/train.bin", 50_000 * RecordBytes, null),
        new($"{Folder}/test.bin", 10_000 * RecordBytes, null),
    ];

    /// <inheritdoc />
    public override DataFile Archive { get; } = new("cifar-100-binary.tar.gz", null, null, Md5: "03b5dce01913d631647c71ecec9e9cb8");

    /// <inheritdoc />
    public override string HowToGet =>
        "put cifar-100-binary.tar.gz, or the folder cifar-100-binary it unpacks to, into the data root (https://www.cs.toronto.edu/~kriz/cifar.html)";
}
