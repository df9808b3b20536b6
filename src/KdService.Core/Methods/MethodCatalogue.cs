using System.Reflection;
using System.Text.Json.Nodes;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Every method, with what documentation says of it.</summary>
public static class MethodCatalogue
{
    /// <summary>All methods in alphabetical order.</summary>
    public static IReadOnlyList<MethodDescription> All { get; } = [.. Union.Of(typeof(Method))!.Cases.Values.Select(Describe)];

    private static MethodDescription Describe(Type type)
    {
        var attribute = type.GetCustomAttribute<MethodAttribute>()
            ?? throw new InvalidOperationException($"{type.Name} is a method and lacks [Method]");
        return new MethodDescription
        {
            Name = attribute.Name,
            Title = attribute.Title,
            Summary = attribute.Summary,
            Paper = attribute.Paper,
            Evidence = attribute.Evidence,
            NeedsTeacher = ((Method)Activator.CreateInstance(type)!).NeedsTeacher,
            TextsOnly = attribute.TextsOnly,
            Options = JsonSchema.OfCase(type),
            Example = (JsonObject)JsonNode.Parse(attribute.Example ?? $$"""{"name": "{{attribute.Name}}"}""")!,
        };
    }
}

/// <summary>What a method is, for people and for forms.</summary>
public sealed record MethodDescription
{
    /// <summary>The name in specs.</summary>
    public required string Name { get; init; }

    /// <summary>The name people use.</summary>
    public required string Title { get; init; }

    /// <summary>What it does, in a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>The paper, if there is one.</summary>
    public string? Paper { get; init; }

    /// <summary>Which details were read in a source.</summary>
    public string? Evidence { get; init; }

    /// <summary>Whether specs with this method need a teacher.</summary>
    public required bool NeedsTeacher { get; init; }

    /// <summary>Whether it is for texts and nothing else.</summary>
    public required bool TextsOnly { get; init; }

    /// <summary>JSON schema of the spec's <c>method</c> object, with defaults and their evidence.</summary>
    public required JsonObject Options { get; init; }

    /// <summary>A <c>method</c> object that works.</summary>
    public required JsonObject Example { get; init; }
}
