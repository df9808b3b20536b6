namespace KdService.Distillation.Tests;

/// <summary>A test on real texts, found by the variable KD_DATA; skipped with a reason where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TextDataFactAttribute : FactAttribute
{
    public TextDataFactAttribute()
    {
        if (Root is null) Skip = "texts are absent: set KD_DATA to the folder that holds glue, squad and vocab";
    }

    /// <summary>The data root that has the texts, or null.</summary>
    public static string? Root { get; } =
        Environment.GetEnvironmentVariable("KD_DATA") is { Length: > 0 } named && File.Exists(Path.Combine(named, "vocab", "bert-base-uncased-vocab.txt")) ? named : null;
}
