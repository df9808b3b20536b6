using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>The weights that a student begins with.</summary>
[Union("from")]
public abstract record Initialization;

/// <summary>Weights drawn from the seed.</summary>
[Case("random", "Weights drawn from the job's seed.")]
public sealed record RandomWeights : Initialization;

/// <summary>The weights of an imported model of the same network.</summary>
[Case("imported", "The weights of an imported model of the same network; its head, too, where it predicts the same, else a fresh one.", Example = """{"from": "imported", "model": "01jzc0f2w8k5m3v7q9x1n4b6dr"}""")]
public sealed record ImportedWeights : Initialization
{
    /// <summary>The model.</summary>
    [Field("The id of an imported model; with kd run, a Hugging Face folder.", MaxLength = 1024)]
    public required string Model { get; init; }
}

/// <summary>Layers of the teacher, as DistilBERT began.</summary>
[Case("teacher_layers", "The teacher's embeddings and some of its layers, with a fresh head: DistilBERT's way (Sanh et al. 2019). Teacher and student are transformers of one width.")]
public sealed record TeacherLayers : Initialization
{
    /// <summary>The teacher's layers.</summary>
    [Field("For each layer of the student the teacher's that it begins with, counted from 0; when left out the last of every k layers, where the teacher has k times as many.", MaxItems = 48, Min = 0, Max = 47, Evidence = "[recalled, unverified] DistilBERT takes one layer out of two; TinyBERT's map is the last of every k")]
    public IReadOnlyList<int>? Layers { get; init; }
}
