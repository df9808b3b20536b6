using KdService.Core.Schema;

namespace KdService.Core.Datasets;

/// <summary>CIFAR-10 (Krizhevsky 2009): 60,000 colour pictures of 32x32 pixels in 10 classes, from the official binary files.</summary>
[Case("cifar10", "CIFAR-10: 50,000 + 10,000 colour pictures, 32x32, 10 classes; the official binary version.")]
public sealed record Cifar10 : PictureDataset
{
    private const string Folder = "cifar-10-batches-bin";
    private const long BatchBytes = 10_000 * (1 + 3 * 32 * 32);

    /// <inheritdoc />
    public override int Classes => 10;

    /// <inheritdoc />
    public override int TrainSize => 50_000;

    /// <inheritdoc />
    public override int TestSize => 10_000;

    /// <inheritdoc />
    public override IReadOnlyList<double> Mean { get; } = [0.4914, 0.4822, 0.4465];

    /// <inheritdoc />
    public override IReadOnlyList<double> Std { get; } = [0.2470, 0.2435, 0.2616];

    /// <inheritdoc />
    public override IReadOnlyList<DataFile> Files { get; } =
    [
        new($"{Folder}/data_batch_1.bin", BatchBytes, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
        new($"{Folder}/data_batch_2.bin", BatchBytes, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
        new($"{Folder}/data_batch_3.bin", BatchBytes, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
        new($"{Folder}/data_batch_4.bin", BatchBytes, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
        new($"{Folder}/data_batch_5.bin", BatchBytes, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
        new($"{Folder}/test_batch.bin", BatchBytes, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
    ];

    /// <inheritdoc />
    public override DataFile Archive { get; } = new("cifar-10-binary.tar.gz", null, null, Md5: "c32a1d4ab5d03f1284b67883e8d87530");

    /// <inheritdoc />
    public override string HowToGet =>
        "put cifar-10-binary.tar.gz, or the folder cifar-10-batches-bin it unpacks to, into the data root (https://www.cs.toronto.edu/~kriz/cifar.html)";
}
