using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Distillation.Data;

namespace KdService.Distillation.Tests.Data;

public sealed class DatasetLoaderTests : IDisposable
{
    private readonly TemporaryFolder _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData(1, 10, false)]
    [InlineData(2, 100, false)]
    [InlineData(1, 10, true)]
    [InlineData(2, 100, true)]
    public void Load_OfficialFilesOrArchive_GivesEveryPictureAndFineLabel(int labelBytes, int classes, bool archive)
    {
        var dataset = new SmallCifar(labelBytes, classes, checksums: labelBytes == 1);
        if (archive) dataset.WriteArchive(_root.Path);
        else dataset.WriteFiles(_root.Path);
        var (train, test) = DatasetLoader.Load(dataset, _root.Path);
        AssertRecords(dataset, train, first: 0, count: 6);
        AssertRecords(dataset, test, first: 6, count: 2);
    }

    [Fact]
    public void Load_FilesAndArchive_TakesTheFiles()
    {
        var dataset = new SmallCifar();
        dataset.WriteFiles(_root.Path);
        File.WriteAllText(_root.File("small.tar.gz"), "not an archive");
        Assert.Equal(6, DatasetLoader.Load(dataset, _root.Path).Train.Count);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(100)]
    public void Load_WithATrainLimit_KeepsTheFirstSamplesAndAllOfTheTest(int limit)
    {
        var dataset = new SmallCifar() with { TrainLimit = limit };
        dataset.WriteFiles(_root.Path);
        var (train, test) = DatasetLoader.Load(dataset, _root.Path);
        AssertRecords(dataset, train, first: 0, count: Math.Min(limit, 6));
        AssertRecords(dataset, test, first: 6, count: 2);
    }

    [Fact]
    public void Load_NothingThere_NamesTheFileAndHowToGetIt()
    {
        var refusal = Refusal(new Cifar10(), FailureCode.DataMissing);
        Assert.Contains(_root.File("cifar-10-batches-bin/data_batch_1.bin"), refusal, StringComparison.Ordinal);
        Assert.Contains("6 files are missing", refusal, StringComparison.Ordinal);
        Assert.Contains("cs.toronto.edu", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OneFileMissing_NamesIt()
    {
        var dataset = new SmallCifar();
        dataset.WriteFiles(_root.Path);
        File.Delete(_root.File("small/data_2.bin"));
        Assert.Contains("small/data_2.bin: no such file;", Refusal(dataset, FailureCode.DataMissing), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ATruncatedFile_SaysBothLengths()
    {
        var dataset = new SmallCifar();
        dataset.WriteFiles(_root.Path);
        var path = _root.File("small/data_2.bin");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        Assert.Contains("small/data_2.bin: 9218 bytes found; 9219 are right", Refusal(dataset, FailureCode.DataCorrupt), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AFlippedBit_FailsTheChecksum()
    {
        var dataset = new SmallCifar();
        dataset.WriteFiles(_root.Path);
        Damage(_root.File("small/test.bin"), at: 1000, bytes => (byte)(bytes ^ 1));
        var refusal = Refusal(dataset, FailureCode.DataCorrupt);
        Assert.Contains("small/test.bin: sha256 ", refusal, StringComparison.Ordinal);
        Assert.Contains($"{dataset.Files[2].Sha256} is right", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ALabelOutOfRange_NamesTheRecord()
    {
        var dataset = new SmallCifar(checksums: false);
        dataset.WriteFiles(_root.Path);
        Damage(_root.File("small/data_1.bin"), at: 3073, _ => 10);
        Assert.Contains("small/data_1.bin: label 10 found in record 1; 0 to 9 are right", Refusal(dataset, FailureCode.DataCorrupt), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ADamagedArchive_FailsTheChecksumBeforeItIsUnpacked()
    {
        var dataset = new SmallCifar();
        dataset.WriteArchive(_root.Path);
        Damage(_root.File("small.tar.gz"), at: 100, value => (byte)(value ^ 1));
        Assert.Contains("small.tar.gz: md5 ", Refusal(dataset, FailureCode.DataCorrupt), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnArchiveWithOtherContents_NamesWhatIsMissing()
    {
        var (with, without) = (new SmallCifar(), new SmallCifarWithAnotherFile());
        with.WriteArchive(_root.Path);
        Assert.Contains("small.tar.gz: it holds no small/other.bin", Refusal(without, FailureCode.DataCorrupt), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnArchiveThatIsNone_IsCorrupt()
    {
        File.WriteAllText(_root.File("small.tar.gz"), "not an archive");
        Assert.Contains("it does not unpack", Refusal(new SmallCifarWithAnotherFile(), FailureCode.DataCorrupt), StringComparison.Ordinal);
    }

    [CifarFact]
    public void Load_RealCifar10_HasItsClassesInEqualParts()
    {
        var (train, test) = DatasetLoader.Load(new Cifar10(), CifarFactAttribute.Root!);
        Assert.Equal(50_000, train.Count);
        Assert.All(train.Labels.CountBy(label => label), counted => Assert.Equal(5_000, counted.Value));
        Assert.All(test.Labels.CountBy(label => label), counted => Assert.Equal(1_000, counted.Value));
        // The published channel mean of the training pictures.
        var mean = Enumerable.Range(0, train.Count).Average(i => ((ImageSet)train).Pixels.AsSpan(i * 3072, 1024).ToArray().Average(value => value / 255.0));
        Assert.Equal(0.4914, mean, 3);
    }

    private string Refusal(Dataset dataset, FailureCode code)
    {
        var refusal = Assert.Throws<RunException>(() => DatasetLoader.Load(dataset, _root.Path));
        Assert.Equal(code, refusal.Code);
        return refusal.Message;
    }

    private static void Damage(string path, int at, Func<byte, byte> change)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[at] = change(bytes[at]);
        File.WriteAllBytes(path, bytes);
    }

    private static void AssertRecords(SmallCifar dataset, SampleSet samples, int first, int count)
    {
        var set = Assert.IsType<ImageSet>(samples);
        Assert.Equal(count, set.Count);
        Assert.Equal(dataset.Classes, set.Classes);
        Assert.Equal(DataShape.Pictures(dataset.Classes), set.Shape);
        Assert.Equal(Enumerable.Range(first, count).Select(dataset.LabelOf), set.Labels);
        for (var i = 0; i < set.Pixels.Length; i++) Assert.Equal(SmallCifar.PixelOf(first + i / 3072, i % 3072), set.Pixels[i]);
    }

    /// <summary>A set whose archive is of unknown checksum and should hold other files than <see cref="SmallCifar"/>'s.</summary>
    private sealed record SmallCifarWithAnotherFile : PictureDataset
    {
        public override int Classes => 10;

        public override int TrainSize => 3;

        public override int TestSize => 2;

        public override IReadOnlyList<double> Mean { get; } = [0.5, 0.5, 0.5];

        public override IReadOnlyList<double> Std { get; } = [0.5, 0.5, 0.5];

        public override IReadOnlyList<DataFile> Files { get; } = [new("small/other.bin", 3 * 3073, null), new("small/test.bin", 2 * 3073, null)];

        public override DataFile Archive { get; } = new("small.tar.gz", null, null);
    }
}
