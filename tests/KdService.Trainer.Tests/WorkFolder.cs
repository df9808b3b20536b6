using KdService.Core.Runs;
using KdService.Core.Schema;

namespace KdService.Trainer.Tests;

/// <summary>A work folder of its own for a test, removed at its end.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly string _path;

    public WorkFolder(string? path = null)
    {
        _path = path ?? Directory.CreateTempSubdirectory("kd-trainer-test-").FullName;
    }

    /// <summary>A file of the folder.</summary>
    public string this[string file] => Path.Combine(_path, file);

    /// <summary>Its files.</summary>
    public IEnumerable<string> Files => Directory.EnumerateFiles(_path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_path, file));

    /// <summary>Bytes of a file.</summary>
    public byte[] Read(string file) => File.ReadAllBytes(this[file]);

    /// <summary>Writes the request and starts the trainer on it.</summary>
    public TrainerProcess Start(RunRequest request)
    {
        File.WriteAllText(this[RunRequest.FileName], Json.Write(request));
        return TrainerProcess.Start(_path);
    }

    /// <summary>Runs an attempt to its end.</summary>
    public (int Exit, TrainerProcess Trainer) Run(RunRequest request)
    {
        var trainer = Start(request);
        return (trainer.WaitForEnd(), trainer);
    }

    /// <summary>The path, for those that start the trainer themselves.</summary>
    public override string ToString() => _path;

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
