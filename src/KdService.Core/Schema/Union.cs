using System.Collections.Concurrent;
using System.Reflection;

namespace KdService.Core.Schema;

/// <summary>Marks an abstract record whose cases are told apart by one field of the JSON object.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class UnionAttribute(string discriminator) : Attribute
{
    /// <summary>The field that names the case, in snake_case.</summary>
    public string Discriminator { get; } = discriminator;
}

/// <summary>Names one case of a union. Cases register themselves by carrying it: adding one touches one file.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public class CaseAttribute(string name, string summary) : Attribute
{
    /// <summary>The value of the union's discriminator.</summary>
    public string Name { get; } = name;

    /// <summary>What the case is, in a sentence.</summary>
    public string Summary { get; } = summary;

    /// <summary>An object that works, as JSON; the name alone where no field is required.</summary>
    public string? Example { get; init; }
}

/// <summary>A union type and its cases, found by reflection in this assembly.</summary>
public sealed class Union
{
    private static readonly ConcurrentDictionary<Type, Union?> Known = new();

    private Union(string discriminator, IReadOnlyDictionary<string, Type> cases)
    {
        Discriminator = discriminator;
        Cases = cases;
    }

    /// <summary>The field that names the case.</summary>
    public string Discriminator { get; }

    /// <summary>The cases by name, in alphabetical order.</summary>
    public IReadOnlyDictionary<string, Type> Cases { get; }

    /// <summary>The union that a type is the root of, or null.</summary>
    public static Union? Of(Type type) => Known.GetOrAdd(type, static type =>
    {
        if (type.GetCustomAttribute<UnionAttribute>(inherit: false) is not { } union) return null;
        var cases = typeof(Union).Assembly.GetTypes()
            .Where(candidate => candidate.IsSubclassOf(type) && !candidate.IsAbstract)
            .ToDictionary(candidate => Case(candidate).Name);
        return new Union(union.Discriminator, new SortedDictionary<string, Type>(cases, StringComparer.Ordinal));
    });

    /// <summary>The union that a case is of, directly or through a record that several cases share.</summary>
    public static Union OfCase(Type type)
    {
        for (var root = type.BaseType; root is not null; root = root.BaseType)
        {
            if (Of(root) is { } union) return union;
        }
        throw new InvalidOperationException($"{type.Name} is no case of a union");
    }

    /// <summary>The name and summary that a case carries.</summary>
    public static CaseAttribute Case(Type type) =>
        type.GetCustomAttribute<CaseAttribute>(inherit: false)
        ?? throw new InvalidOperationException($"{type.Name} is a case of a union and lacks [Case]");
}
