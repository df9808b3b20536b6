namespace KdService.Core.Schema;

/// <summary>One thing wrong with a document: where, what was given, and what would be right.</summary>
/// <param name="Pointer">JSON pointer (RFC 6901) to the field, e.g. <c>/method/max_temperature</c>; empty for the whole document.</param>
/// <param name="Detail">For instance <c>0 given; an integer from 1 to 100</c>.</param>
public sealed record Problem(string Pointer, string Detail)
{
    /// <inheritdoc />
    public override string ToString() => $"{Pointer[(Pointer.Length > 0 ? 1 : 0)..].Replace('/', '.')}: {Detail}";
}

/// <summary>Every problem found so far; validation goes on after the first.</summary>
public sealed class ProblemList
{
    /// <summary>The most problems that are listed: a document can be wrong in more places than anyone would read.</summary>
    public const int Most = 100;

    private readonly List<Problem> _items;

    private readonly string _place;

    /// <summary>An empty list.</summary>
    public ProblemList() : this([], "")
    {
    }

    private ProblemList(List<Problem> items, string place) => (_items, _place) = (items, place);

    /// <summary>The problems, in the order in which they were found.</summary>
    public IReadOnlyList<Problem> Items => _items;

    /// <summary>Whether nothing is wrong.</summary>
    public bool None => _items.Count == 0;

    /// <summary>This list for a document that lies inside another: what is noted there gets the place before its pointer.</summary>
    /// <param name="pointer">Where the inner document lies, e.g. <c>/job</c>.</param>
    public ProblemList At(string pointer) => new(_items, _place + pointer);

    /// <summary>Notes a problem at a JSON pointer, once, however many parts of what is checked have it.</summary>
    public void Add(string pointer, string detail)
    {
        var problem = new Problem(_place + pointer, detail);
        if (_items.Contains(problem)) return;
        if (_items.Count < Most) _items.Add(problem);
        else if (_items.Count == Most) _items.Add(new Problem("", "there are more problems; mend these first"));
    }

    /// <summary>Notes a problem unless the condition holds; returns the condition.</summary>
    public bool Require(bool condition, string pointer, string detail)
    {
        if (!condition) Add(pointer, detail);
        return condition;
    }

    /// <summary>Notes a list that says nothing, or the same thing twice.</summary>
    /// <param name="list">What is given.</param>
    /// <param name="what">What each of it is, e.g. <c>severity</c>.</param>
    /// <param name="pointer">JSON pointer to the list.</param>
    public void RequireEachOnce<T>(IReadOnlyList<T> list, string what, string pointer)
    {
        Require(list.Count > 0, pointer, $"none given; at least one {what}, or leave it out for all");
        Require(list.Distinct().Count() == list.Count, pointer, $"a {what} given twice; each once");
    }
}

/// <summary>A document cannot be accepted; carries every problem found in it.</summary>
public sealed class InvalidDocumentException(IReadOnlyList<Problem> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    /// <summary>What is wrong, each with its place.</summary>
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
