using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using KdService.Core.Datasets;

namespace KdService.Distillation.Tests.Data;

/// <summary>A data set in the official binary format, of a few records: 2 training files of 3 and one test file of 2.</summary>
internal sealed record SmallCifar : PictureDataset
{
    private const int PixelBytes = 3 * 32 * 32;

    private readonly byte[][] _contents;
    private readonly string _archiveMd5;

    /// <param name="labelBytes">1 as CIFAR-10, 2 as CIFAR-100.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="checksums">Whether the files' own are known.</param>
    public SmallCifar(int labelBytes = 1, int classes = 10, bool checksums = true)
    {
        Classes = classes;
        _contents = [Records(0, 3, labelBytes), Records(3, 3, labelBytes), Records(6, 2, labelBytes)];
        Files = [.. _contents.Select((content, i) => new DataFile($"small/{(i < 2 ? $"data_{i + 1}" : "test")}.bin", content.Length, checksums ? Convert.ToHexStringLower(SHA256.HashData(content)) : null))];
        Packed = Pack(_contents);
#pragma warning disable CA5351 // what the official sets publish
        _archiveMd5 = Convert.ToHexStringLower(MD5.HashData(Packed));
#pragma warning restore CA5351
    }

    public override int Classes { get; }

    public override int TrainSize => 6;

    public override int TestSize => 2;

    public override IReadOnlyList<double> Mean { get; } = [0.4, 0.5, 0.6];

    public override IReadOnlyList<double> Std { get; } = [0.2, 0.3, 0.25];

    public override IReadOnlyList<DataFile> Files { get; }

    public override DataFile Archive => new("small.tar.gz", null, null, _archiveMd5);

    /// <summary>The archive's bytes.</summary>
    public byte[] Packed { get; }

    /// <summary>The class of a record, counted over all files.</summary>
    public int LabelOf(int record) => record * 7 % Classes;

    public static byte PixelOf(int record, int at) => (byte)(record * 31 + at * 7 + at / 256);

    public void WriteFiles(string root)
    {
        Directory.CreateDirectory(Path.Combine(root, "small"));
        foreach (var (file, content) in Files.Zip(_contents)) File.WriteAllBytes(Path.Combine(root, file.Path), content);
    }

    public void WriteArchive(string root) => File.WriteAllBytes(Path.Combine(root, Archive.Path), Packed);

    private byte[] Records(int first, int count, int labelBytes)
    {
        var content = new List<byte>();
        for (var record = first; record < first + count; record++)
        {
            if (labelBytes == 2) content.Add(19); // a coarse label, which nobody asks for
            content.Add((byte)LabelOf(record));
            for (var at = 0; at < PixelBytes; at++) content.Add(PixelOf(record, at));
        }
        return [.. content];
    }

    // The test file first: the order within an archive is nobody's promise.
    private byte[] Pack(byte[][] contents)
    {
        using var packed = new MemoryStream();
        using (var tar = new TarWriter(new GZipStream(packed, CompressionLevel.Fastest)))
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "small/"));
            foreach (var i in new[] { 2, 1, 0 })
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, Files[i].Path) { DataStream = new MemoryStream(contents[i]) });
        }
        return packed.ToArray();
    }
}
