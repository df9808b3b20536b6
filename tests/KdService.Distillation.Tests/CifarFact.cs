using KdService.Core.Datasets;

namespace KdService.Distillation.Tests;

/// <summary>A test on real CIFAR-10, found by the variable KD_DATA or beside the repository; skipped with a reason where it is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CifarFactAttribute : FactAttribute
{
    public CifarFactAttribute()
    {
        if (Root is null) Skip = "CIFAR-10 is absent: set KD_DATA to the folder that holds cifar-10-batches-bin";
    }

    /// <summary>The data root that has all of CIFAR-10, or null.</summary>
    public static string? Root { get; } = Candidates().FirstOrDefault(root => new Cifar10().Files.All(file => File.Exists(Path.Combine(root, file.Path))));

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("KD_DATA") is { Length: > 0 } named) yield return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "KdService.sln")) && folder.Parent is { } above) yield return Path.Combine(above.FullName, "shared", "data");
        }
    }
}
