using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Benchmarks;

/// <summary>Reads a benchmark document and expands its matrix: every cell is checked as a job spec, and what is wrong is named by its place in the document.</summary>
public sealed class BenchmarkExpansion
{
    /// <summary>The most cells of a benchmark.</summary>
    public const int MostCells = 2000;

    /// <summary>The label of a job that holds its benchmark's id.</summary>
    public const string BenchmarkLabel = "benchmark";

    /// <summary>The label of a job that holds its row's label.</summary>
    public const string RowLabel = "row";

    private const int MostOptions = 8;
    private const int MostLabels = 30; // of a job's 32, two say where it belongs
    private const string LatencyField = "/evaluation/latency";

    private readonly BenchmarkSpec _spec;
    private readonly ProblemList _problems;

    // What is wrong with rows, each with the first that has it.
    private readonly OrderedDictionary<Problem, (string Row, int Rows)> _wrong = [];

    private BenchmarkExpansion(BenchmarkSpec spec, ProblemList problems) => (_spec, _problems) = (spec, problems);

    /// <summary>Reads a benchmark from JSON; every problem of every distinct cell at once.</summary>
    /// <returns>The benchmark, if <paramref name="problems"/> stays empty; else null.</returns>
    public static BenchmarkPlan? Read(ReadOnlyMemory<byte> json, ProblemList problems) =>
        DocumentReader.Parse(json, problems) is { } element ? Read(element, problems) : null;

    /// <summary>Reads a benchmark from a parsed JSON value.</summary>
    public static BenchmarkPlan? Read(JsonElement element, ProblemList problems)
    {
        if (!DocumentKind.Require<BenchmarkSpec>(element, problems)) return null;
        var spec = DocumentReader.Read<BenchmarkSpec>(element, problems);
        return spec is not null && problems.None ? Expand(spec, problems) : null;
    }

    /// <summary>Expands a benchmark that was read before.</summary>
    public static BenchmarkPlan? Expand(BenchmarkSpec spec, ProblemList problems) => new BenchmarkExpansion(spec, problems).Expand();

    private BenchmarkPlan? Expand()
    {
        CheckLabels();
        RequireDistinct("/matrix/students", _spec.Matrix.Students);
        RequireDistinct("/matrix/seeds", _spec.Matrix.Seeds);
        CheckGivenOnce();
        List<IReadOnlyList<Choice>> axes = [Methods(), Students(), .. Options()];
        if (!_problems.None || !RequireFewCells(axes)) return null;

        OrderedDictionary<string, BenchmarkRow> distinct = [];
        foreach (var choices in Combinations(axes))
        {
            // The same again: a method without a teacher, for another teacher.
            if (Row(choices, axes) is { } row && !distinct.TryAdd(row.Label, row) && Json.Write(distinct[row.Label].Spec) != Json.Write(row.Spec))
                Add("/matrix", $"two rows would be called \"{row.Label}\"; give methods labels of their own", row.Label);
            // A matrix can be wrong in more places than anyone would read.
            if (_wrong.Count > ProblemList.Most) break;
        }
        if (_wrong.Count > 0)
        {
            NoteWrong(axes);
            return null;
        }
        List<BenchmarkRow> rows = [.. distinct.Values];
        var baseline = Baseline(rows);
        if (!_problems.Require(rows.Any(row => row.Method == baseline || row.Label == baseline), "/baseline",
                $"\"{baseline}\" given; one of {string.Join(", ", rows.Select(row => row.Method).Distinct())}")) return null;
        return new BenchmarkPlan
        {
            Spec = _spec,
            Rows = rows,
            Seeds = _spec.Matrix.Seeds.Count > 0 ? _spec.Matrix.Seeds : [rows[0].Spec.Seed],
            Baseline = baseline,
        };
    }

    // --- the axes ---------------------------------------------------------------------------------------------------

    private List<Choice> Methods()
    {
        const string target = "/method";
        List<Choice> methods = [];
        foreach (var (index, given) in _spec.Matrix.Methods.Index()) methods.Add(Method($"/matrix/methods/{index}", target, given));
        if (methods.Count == 0 && _spec.Base["method"] is { } method) methods.Add(Method("/base/method", target, method));
        _problems.Require(methods.Count > 0, "/matrix/methods", "missing; at least one method, or base.method");
        foreach (var again in methods.GroupBy(choice => choice.Label).Where(same => same.Count() > 1).SelectMany(same => same.Skip(1)))
            _problems.Add($"{again.Source}/label", $"\"{again.Label}\" names another method too; a label of its own");
        return methods;
    }

    private Choice Method(string source, string target, JsonNode? given)
    {
        if (given is JsonValue value && value.TryGetValue<string>(out var name))
            return new Choice(target, source, new JsonObject { ["name"] = name }, name) { IsName = true };
        if (given is not JsonObject method)
        {
            _problems.Add(source, $"{given?.ToJsonString() ?? "null"} given; a method's name, or an object with its name and options");
            return new Choice(target, source, given, "");
        }
        var options = method.DeepClone().AsObject();
        var label = (options["label"] ?? options["name"]) is JsonValue text && text.TryGetValue<string>(out var words) ? words : "";
        if (options.Remove("label", out var own))
            _problems.Require(own is not null && label.Length is > 0 and <= 64 && !label.Any(char.IsControl), $"{source}/label", $"{own?.ToJsonString() ?? "null"} given; a string of 1 to 64 characters");
        return new Choice(target, source, options, label);
    }

    private IReadOnlyList<Choice> Students()
    {
        const string target = "/student/model";
        if (_spec.Matrix.Students.Count > 0)
            return [.. _spec.Matrix.Students.Select((student, index) => new Choice(target, $"/matrix/students/{index}", student, student))];
        var model = JsonPointer.Find(_spec.Base, target);
        _problems.Require(model is not null, "/matrix/students", "missing; at least one network, or base.student");
        return [new Choice(target, "/base" + target, model, $"{model}")];
    }

    private IEnumerable<IReadOnlyList<Choice>> Options()
    {
        var pointers = _spec.Matrix.Options.Select(option => option.Key).ToList();
        _problems.Require(pointers.Count <= MostOptions, "/matrix/options", $"{pointers.Count} fields given; at most {MostOptions}");
        foreach (var (pointer, given) in _spec.Matrix.Options)
        {
            var source = $"/matrix/options/{JsonPointer.Escape(pointer)}";
            if (!CheckOption(source, pointer, pointers)) continue;
            if (given is not JsonArray { Count: > 0 and <= 256 } values)
            {
                _problems.Add(source, "a list of 1 to 256 values");
                continue;
            }
            var name = JsonPointer.Fields(pointer)[^1];
            if (pointers.Count(other => JsonPointer.Fields(other)[^1] == name) > 1) name = pointer[1..].Replace('/', '.');
            RequireDistinct(source, [.. values.Select(value => value?.ToJsonString() ?? "null")]);
            yield return [.. values.Select((value, index) => new Choice(pointer, $"{source}/{index}", value, Label(name, value, index)) { IsOption = true })];
        }
    }

    private bool CheckOption(string source, string pointer, List<string> pointers)
    {
        // Where the axes put their values, and what lies around and below.
        string? axis = JsonPointer.Below(pointer, "/seed") is not null ? "seeds"
            : pointer == "/student" || JsonPointer.Below(pointer, "/student/model") is not null ? "students"
            : pointer == "/method" || JsonPointer.Below(pointer, "/method/name") is not null ? "methods"
            : null;
        if (!_problems.Require(pointer.Length > 1 && pointer[0] == '/' && !pointer.Contains("//", StringComparison.Ordinal), source, "a JSON pointer to a field of a job spec, e.g. /training/epochs")
            || !_problems.Require(axis is null, source, $"matrix.{axis} varies that field")
            || !_problems.Require(JsonPointer.Below(pointer, "/name") is null && JsonPointer.Below(pointer, "/labels") is null, source, "names and labels are no part of what is compared"))
            return false;
        if (JsonPointer.Below(pointer, "/method") is { } option)
        {
            var (index, method) = _spec.Matrix.Methods.Index().FirstOrDefault(method => method.Item is JsonObject given && JsonPointer.Find(given, option) is not null);
            if (!_problems.Require(method is null, source, $"/matrix/methods/{index}{option} gives that field; one of the two")) return false;
        }
        var outer = pointers.FirstOrDefault(other => other != pointer && JsonPointer.Below(pointer, other) is not null);
        return _problems.Require(outer is null, source, $"{outer} is given too, which holds this field");
    }

    private static string Label(string name, JsonNode? value, int index) => value switch
    {
        JsonObject or JsonArray => $"{name}[{index}]",
        JsonValue text when text.TryGetValue<string>(out var words) => words.Length <= 40 ? $"{name}={words}" : $"{name}[{index}]",
        _ => $"{name}={value?.ToJsonString() ?? "null"}",
    };

    // --- what the axes have in common -------------------------------------------------------------------------------

    private void CheckLabels()
    {
        var own = _spec.Base["labels"] as JsonObject;
        var names = _spec.Labels.Keys.Concat(own?.Select(label => label.Key) ?? []).ToHashSet();
        _problems.Require(names.Count <= MostLabels, "/labels", $"{names.Count} labels given, those of base counted; at most {MostLabels}");
        foreach (var (place, label) in _spec.Labels.Keys.Select(label => ("/labels", label)).Concat(own?.Select(label => ("/base/labels", label.Key)) ?? []))
            _problems.Require(label is not (BenchmarkLabel or RowLabel), $"{place}/{label}", "the benchmark sets this label itself; another name");
        _problems.Require(!_spec.Base.ContainsKey("name"), "/base/name", "given, but jobs are named after their rows; leave it out");
    }

    /// <summary>What the matrix gives, the base leaves out: of two values one would be silently ignored.</summary>
    private void CheckGivenOnce()
    {
        void Leave(bool given, string field, string axis) =>
            _problems.Require(!given || JsonPointer.Find(_spec.Base, field) is null, $"/base{field}", $"given, but {axis} gives it; leave it out");
        Leave(_spec.Matrix.Methods.Count > 0, "/method", "matrix.methods");
        Leave(_spec.Matrix.Students.Count > 0, "/student/model", "matrix.students");
        Leave(_spec.Matrix.Seeds.Count > 0, "/seed", "matrix.seeds");
        foreach (var (pointer, _) in _spec.Matrix.Options.Where(option => option.Key.StartsWith('/'))) Leave(true, pointer, "matrix.options");
    }

    private void RequireDistinct<T>(string place, IReadOnlyList<T> values)
    {
        foreach (var (index, value) in values.Index())
            if (values.Take(index).Contains(value)) _problems.Add($"{place}/{index}", $"{value} given twice; once");
    }

    private bool RequireFewCells(List<IReadOnlyList<Choice>> axes)
    {
        var seeds = Math.Max(1, _spec.Matrix.Seeds.Count);
        var cells = axes.Aggregate(new BigInteger(seeds), (product, axis) => product * axis.Count);
        List<string> factors = [$"{axes[0].Count} methods", $"{axes[1].Count} students", $"{seeds} seeds", .. axes.Skip(2).Select(axis => $"{axis.Count} values of {axis[0].Target}")];
        return _problems.Require(cells <= MostCells, "/matrix", $"{cells} jobs ({string.Join(" x ", factors)}); at most {MostCells}");
    }

    private static IEnumerable<IReadOnlyList<Choice>> Combinations(IEnumerable<IReadOnlyList<Choice>> axes) => axes.Aggregate(
        (IEnumerable<IReadOnlyList<Choice>>)[[]],
        (combinations, axis) => combinations.SelectMany(combination => axis, IReadOnlyList<Choice> (combination, choice) => [.. combination, choice]));

    // --- rows -------------------------------------------------------------------------------------------------------

    private BenchmarkRow? Row(IReadOnlyList<Choice> choices, List<IReadOnlyList<Choice>> axes)
    {
        var document = _spec.Base.DeepClone().AsObject();
        foreach (var choice in choices)
        {
            if (JsonPointer.TrySet(document, choice.Target, choice.Value?.DeepClone())) continue;
            Add(choice.Source, $"{choice.Target} leads through a field that is no object", LabelOf(choices, axes));
            return null;
        }
        // A method without a teacher is the same whatever the matrix says of the teacher.
        if (HasNoTeacher(document) && document.Remove("teacher")) choices = [.. choices.Where(choice => JsonPointer.Below(choice.Target, "/teacher") is null)];
        if (JsonPointer.Find(document, LatencyField) is null) JsonPointer.TrySet(document, LatencyField, true);
        if (_spec.Matrix.Seeds.Count > 0) document["seed"] = _spec.Matrix.Seeds[0];

        var places = choices.ToDictionary(choice => choice.Target, choice => choice.Source);
        if (choices[0].IsName) places["/method/name"] = choices[0].Source;
        var label = LabelOf(choices, axes);
        var problems = new ProblemList();
        var spec = SpecValidation.Read(JsonSerializer.SerializeToElement(document), problems);
        foreach (var problem in problems.Items) Add(BenchmarkRow.Place(places, problem.Pointer), problem.Detail, label);
        if (spec is null) return null;

        foreach (var (name, value) in _spec.Labels) spec.Labels[name] = value;
        return new BenchmarkRow
        {
            Label = label,
            Method = choices[0].Label,
            Student = choices[1].Label,
            Options = choices.Where(choice => choice.IsOption).ToDictionary(choice => choice.Target, choice => choice.Value?.ToJsonString() ?? "null"),
            Spec = spec,
            Places = places,
        };
    }

    private static string LabelOf(IReadOnlyList<Choice> choices, List<IReadOnlyList<Choice>> axes) => string.Join(", ",
        [choices[0].Label, .. axes[1].Count > 1 ? new[] { choices[1].Label } : [], .. choices.Where(choice => choice.IsOption).Select(choice => choice.Label)]);

    private static bool HasNoTeacher(JsonObject document) =>
        document["method"] is { } method
        && DocumentReader.Read<Method>(JsonSerializer.SerializeToElement(method), new ProblemList()) is { NeedsTeacher: false };

    /// <summary>Notes a problem once, however many rows have it.</summary>
    private void Add(string pointer, string detail, string row)
    {
        var problem = new Problem(pointer, detail);
        _wrong[problem] = _wrong.TryGetValue(problem, out var known) ? (known.Row, known.Rows + 1) : (row, 1);
    }

    /// <summary>Hands on what is wrong with rows; where a value of an option is wrong in some of its rows only, with the first of them.</summary>
    private void NoteWrong(List<IReadOnlyList<Choice>> axes)
    {
        var all = axes.Aggregate(1, (product, axis) => product * axis.Count);
        foreach (var (problem, (row, rows)) in _wrong)
        {
            var axis = axes.FirstOrDefault(axis => axis.Any(choice => choice.IsOption && JsonPointer.Below(problem.Pointer, choice.Source) is not null));
            _problems.Add(problem.Pointer, axis is null || rows == all / axis.Count ? problem.Detail : $"{problem.Detail} (row \"{row}\")");
        }
    }

    private string Baseline(List<BenchmarkRow> rows)
    {
        if (_spec.Baseline is { } given) return given;
        var methods = rows.Select(row => row.Method).Distinct().ToList();
        if (methods.Contains("none")) return "none";
        return methods.Count > 1 ? methods[0] : rows[0].Label;
    }

    /// <summary>A value of an axis.</summary>
    /// <param name="Target">Where it goes in the cell's spec.</param>
    /// <param name="Source">Where the document gives it.</param>
    /// <param name="Value">The value.</param>
    /// <param name="Label">What the row's label says of it.</param>
    private sealed record Choice(string Target, string Source, JsonNode? Value, string Label)
    {
        /// <summary>A method given by its name alone.</summary>
        public bool IsName { get; init; }

        /// <summary>A value of a field that only the matrix's options name.</summary>
        public bool IsOption { get; init; }
    }
}
