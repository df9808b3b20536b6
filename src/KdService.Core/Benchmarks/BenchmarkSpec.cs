using System.Text.Json.Nodes;
using KdService.Core.Schema;

namespace KdService.Core.Benchmarks;

/// <summary>What a user asks to be compared: a job spec and what of it varies.</summary>
public sealed record BenchmarkSpec
{
    /// <summary>A name for people.</summary>
    [Field("A name for people.", MaxLength = 100, Pattern = @"[^\p{Cc}]+")]
    public required string Name { get; init; }

    /// <summary>Key-value pairs to find the benchmark and its jobs by.</summary>
    [Field("Key-value pairs to find the benchmark by; its jobs carry them too, and benchmark (its id) and row besides.", MaxLength = 255)]
    public Dictionary<string, string> Labels { get; init; } = [];

    /// <summary>The job spec of every cell, without what the matrix gives.</summary>
    [Field("A job spec without the parts that the matrix gives. Methods that have no teacher leave the teacher out by themselves; evaluation.latency is on unless it says otherwise.")]
    public required JsonObject Base { get; init; }

    /// <summary>What varies.</summary>
    [Field("What varies: every combination is a job.")]
    public required MatrixSpec Matrix { get; init; }

    /// <summary>What the rows are compared with.</summary>
    [Field("The method (or the one row) that the others are compared with, by its label; none if the matrix has it, else the first.", MaxLength = 255)]
    public string? Baseline { get; init; }

    /// <summary>How many of its jobs may be under way.</summary>
    [Field("How many of the benchmark's jobs, teachers not counted, may wait or run at once; when left out all are submitted at once and the queue's slots decide.", Min = 1, Max = 10_000)]
    public int? MaxRunning { get; init; }
}

/// <summary>The axes of a benchmark.</summary>
public sealed record MatrixSpec
{
    /// <summary>Methods: names, or <c>method</c> objects with an optional label.</summary>
    [Field("Methods: names, or the method objects of job specs, each with an optional label for the report; base.method when left out.")]
    public IReadOnlyList<JsonNode> Methods { get; init; } = [];

    /// <summary>Student networks.</summary>
    [Field("The students' networks; base.student when left out.", MaxLength = 64)]
    public IReadOnlyList<string> Students { get; init; } = [];

    /// <summary>Seeds; the rows of the report are means over them.</summary>
    [Field("Seeds; the report's rows are means over them; base.seed when left out.", Min = 0, Max = 9007199254740991)]
    public IReadOnlyList<long> Seeds { get; init; } = [];

    /// <summary>Values of any other field, by the field's pointer.</summary>
    [Field("""Values of any other field of the job spec, by its JSON pointer: {"/training/epochs": [100, 200]}; at most 8 fields.""")]
    public JsonObject Options { get; init; } = [];
}
