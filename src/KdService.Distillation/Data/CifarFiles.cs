using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using KdService.Core.Datasets;
using KdService.Core.Jobs;

namespace KdService.Distillation.Data;

/// <summary>
/// Reads the official binary version of the CIFAR sets, from its folder or from the .tar.gz: records of one or two label bytes
/// (the last is the class) and the planes of the picture. The last file is the test part, those before it the training part.
/// Lengths, checksums and labels are verified on the way.
/// </summary>
internal sealed class CifarFiles
{
    private readonly Dataset _dataset;
    private readonly int _pixelBytes;
    private readonly Part _train;
    private readonly Part _test;

    private CifarFiles(Dataset dataset)
    {
        _dataset = dataset;
        _pixelBytes = dataset.Shape.Values;
        _train = new Part(dataset.UsedTrainSize, _pixelBytes);
        _test = new Part(dataset.TestSize, _pixelBytes);
    }

    private DataFile TestFile => _dataset.Files[^1];

    /// <summary>Reads the files if all are there, else the archive.</summary>
    public static (ImageSet Train, ImageSet Test) Read(Dataset dataset, string dataRoot)
    {
        var missing = dataset.Files.Where(file => !File.Exists(Path.Combine(dataRoot, file.Path))).ToList();
        var reader = new CifarFiles(dataset);
        if (missing.Count == 0) reader.ReadFolder(dataRoot);
        else if (dataset.Archive is { } archive && File.Exists(Path.Combine(dataRoot, archive.Path))) reader.ReadArchive(archive, dataRoot);
        else
            throw new RunException(FailureCode.DataMissing,
                $"{Path.Combine(dataRoot, missing[0].Path)}: no such file{(missing.Count > 1 ? $" ({missing.Count} files are missing)" : "")}; {dataset.HowToGet}");
        return (reader._train.ToSet(dataset), reader._test.ToSet(dataset));
    }

    private void ReadFolder(string dataRoot)
    {
        foreach (var file in _dataset.Files)
        {
            var path = Path.Combine(dataRoot, file.Path);
            using var stream = Open(path);
            ReadRecords(stream, stream.Length, file, path);
        }
    }

    private void ReadArchive(DataFile archive, string dataRoot)
    {
        var path = Path.Combine(dataRoot, archive.Path);
        using var packed = Open(path);
        // MD5 is what the set's authors published; it finds damage, and is not asked to find forgery.
#pragma warning disable CA5351
        Check(path, "md5", archive.Md5, () => Convert.ToHexStringLower(MD5.HashData(packed)));
#pragma warning restore CA5351
        packed.Position = 0;
        var left = _dataset.Files.ToList();
        try
        {
            using var tar = new TarReader(new GZipStream(packed, CompressionMode.Decompress));
            while (left.Count > 0 && tar.GetNextEntry() is { } entry)
            {
                if (left.Find(file => entry.Name == file.Path || entry.Name == "./" + file.Path) is not { } file || entry.DataStream is not { } content) continue;
                ReadRecords(content, entry.Length, file, $"{path}, {entry.Name}");
                left.Remove(file);
            }
        }
        // What System.Formats.Tar and GZipStream throw about content that is not what it claims to be.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw Corrupt(path, $"it does not unpack ({e.Message}); an intact {archive.Path} is right", e);
        }
        if (left.Count > 0) throw Corrupt(path, $"it holds no {left[0].Path}; an intact {archive.Path} does");
    }

    // Archives may hold the training files in any order, so the place of a file's records is not where the last one ended.
    private void ReadRecords(Stream content, long length, DataFile file, string name)
    {
        if (length != file.Bytes) throw Corrupt(name, $"{length} bytes found; {file.Bytes} are right");
        var part = file == TestFile ? _test : _train;
        var record = new byte[TestFile.Bytes!.Value / _dataset.TestSize];
        var records = (int)(length / record.Length);
        var first = file == TestFile ? 0 : (int)(_dataset.Files.TakeWhile(earlier => earlier != file).Sum(earlier => earlier.Bytes!.Value) / record.Length);
        var labelAt = record.Length - _pixelBytes - 1;
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var buffered = new BufferedStream(content, 1 << 18);
        for (var i = 0; i < records; i++)
        {
            buffered.ReadExactly(record);
            sha256.AppendData(record);
            int label = record[labelAt];
            if (label >= _dataset.Classes) throw Corrupt(name, $"label {label} found in record {i}; 0 to {_dataset.Classes - 1} are right");
            part.Store(first + i, label, record.AsSpan(labelAt + 1));
        }
        Check(name, "sha256", file.Sha256, () => Convert.ToHexStringLower(sha256.GetHashAndReset()));
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        // The file is there, as was checked: whoever runs the trainer may not read it.
        catch (UnauthorizedAccessException e)
        {
            throw new RunException(FailureCode.DataMissing, $"{path}: the file may not be read by this user; let the trainer's user read it", e);
        }
    }

    private static void Check(string name, string algorithm, string? right, Func<string> compute)
    {
        if (right is null) return;
        var found = compute();
        if (found != right) throw Corrupt(name, $"{algorithm} {found} found; {right} is right");
    }

    private static RunException Corrupt(string name, string what, Exception? cause = null) =>
        new(FailureCode.DataCorrupt, $"{name}: {what}; replace it by an intact copy", cause);

    /// <summary>Samples of which only the first so many are kept.</summary>
    private sealed class Part(int count, int pixelBytes)
    {
        private readonly byte[] _pixels = new byte[(long)count * pixelBytes];
        private readonly int[] _labels = new int[count];

        public void Store(int index, int label, ReadOnlySpan<byte> pixels)
        {
            if (index >= count) return;
            _labels[index] = label;
            pixels.CopyTo(_pixels.AsSpan(index * pixelBytes));
        }

        public ImageSet ToSet(Dataset dataset) => new(_pixels, _labels, dataset.Shape);
    }
}
