using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Weights;

namespace KdService.Core.Specs;

/// <summary>The imported models that a spec names, and whether they fit it and each other.</summary>
public static class ImportsOfSpec
{
    /// <summary>JSON pointer to where a spec names the generator.</summary>
    public const string GeneratorPlace = "/method/imported_generator";

    private static readonly IReadOnlyList<Place> Places =
    [
        new("/teacher/imported", spec => spec.Teacher?.Imported, (spec, id) => spec with { Teacher = spec.Teacher! with { Imported = id } }),
        new("/teacher/init/model", spec => (spec.Teacher?.Init as ImportedWeights)?.Model,
            (spec, id) => spec with { Teacher = spec.Teacher! with { Init = new ImportedWeights { Model = id } } }),
        new("/student/init/model", spec => (spec.Student?.Init as ImportedWeights)?.Model,
            (spec, id) => spec with { Student = spec.Student with { Init = new ImportedWeights { Model = id } } }),
        new(GeneratorPlace, spec => (spec.Method as GeneratorMethod)?.ImportedGenerator,
            (spec, id) => spec with { Method = (GeneratorMethod)spec.Method with { ImportedGenerator = id } }),
    ];

    /// <summary>Where a spec names imported models, as JSON pointers with the ids.</summary>
    public static IReadOnlyList<(string Pointer, string Id)> Named(JobSpec spec) =>
        [.. Places.Select(place => (place.Pointer, Id: place.Get(spec))).Where(named => named.Id is not null).Select(named => (named.Pointer, named.Id!))];

    /// <summary>The complaint about an id that no imported model has.</summary>
    public static string NotThere(string id) => $"\"{id}\" given; the id of an imported model (GET /v1/models lists them)";

    /// <summary>The spec with other ids in the places of its imported models'.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="rename">From a JSON pointer and the id there to the id that takes its place.</param>
    public static JobSpec Renamed(JobSpec spec, Func<string, string, string> rename) =>
        Places.Aggregate(spec, (renamed, place) => place.Get(spec) is { } id ? place.Set(renamed, rename(place.Pointer, id)) : renamed);

    /// <summary>The spec's data, cut with the vocabulary of its imported models, or of its teacher's job, if it names any.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="models">What is known of the models that it names, by id.</param>
    /// <param name="inherited">The vocabulary that the teacher's job was given with an imported model; null without one.</param>
    /// <param name="problems">Takes what does not fit, naming both sides.</param>
    public static Dataset Resolve(JobSpec spec, IReadOnlyDictionary<string, ImportedModel> models, ImportedVocabulary? inherited, ProblemList problems)
    {
        var named = Named(spec).Where(place => models.ContainsKey(place.Id)).ToList();
        if (spec.Dataset is not TextDataset texts)
        {
            foreach (var (pointer, id) in named) problems.Add(pointer, $"model {id} given, which takes texts; the inputs of {spec.Dataset.Name} are {spec.Dataset.Shape}");
            return spec.Dataset;
        }
        if (named.Count == 0) return inherited is null || texts.Vocabulary is not null ? texts : texts with { Imported = inherited };
        var first = models[named[0].Id].Vocabulary;
        foreach (var (pointer, id) in named)
        {
            var model = models[id];
            problems.Require(model.Vocabulary.Digest == first.Digest, pointer,
                $"the vocabulary of model {id} ({model.Vocabulary.Entries} tokens) is another than that of model {named[0].Id} ({first.Entries} tokens)"
                + $"{(model.Vocabulary.Entries == first.Entries ? ", in its tokens or in how its tokenizer treats cases and accents" : "")}; all networks of a job cut texts alike");
            problems.Require(model.LongestText is not { } longest || texts.MaxLength <= longest, "/dataset/max_length",
                $"{texts.MaxLength} given; at most {model.LongestText}, the longest text that model {id} was made for");
        }
        problems.Require(texts.Vocabulary is null || texts.NamedVocabulary?.Digest == first.Digest, "/dataset/vocabulary",
            $"\"{texts.Vocabulary}\" ({texts.NamedVocabulary?.Entries} tokens) given, but model {named[0].Id} ({named[0].Pointer}) has another vocabulary ({first.Entries} tokens); leave it out, and the model's is taken");
        problems.Require(spec.Teacher is not { Model: not null, Init: not ImportedWeights } || texts.NamedVocabulary?.Digest == first.Digest, "/teacher/model",
            $"a teacher that learns with the vocabulary {texts.NamedVocabulary?.Name} ({texts.NamedVocabulary?.Entries} tokens) given, but model {named[0].Id} ({named[0].Pointer}) has another ({first.Entries} tokens); an imported teacher, one whose teacher.init is such a model, or a job whose student began with one");
        return texts with { Imported = first with { Model = named[0].Id } };
    }

    /// <summary>Notes why an imported model cannot be the teacher as it is.</summary>
    public static void CheckTeacher(string id, ImportedModel model, Dataset dataset, ProblemList problems)
    {
        if (HeadProblem(id, model, dataset) is { } problem) problems.Add("/teacher/imported", problem);
    }

    /// <summary>Whether the head of a model predicts what the data ask for.</summary>
    public static bool HeadFits(ImportedModel model, Dataset dataset) => HeadProblem("", model, dataset) is null;

    /// <summary>Notes why a network that is trained cannot begin with an imported model's weights.</summary>
    /// <param name="role">The part of the spec that names both: <c>teacher</c> or <c>student</c>.</param>
    /// <param name="id">The model's id.</param>
    /// <param name="model">What is known of it.</param>
    /// <param name="network">The network.</param>
    /// <param name="problems">Takes the complaint.</param>
    public static void CheckInit(string role, string id, ImportedModel model, string network, ProblemList problems) =>
        problems.Require(Transformers.Size(network) == model.Size, $"/{role}/init/model", $"model {id} is a {model.Architecture}, and {role}.model a {network}; the same network");

    /// <summary>Notes why an imported model cannot be a generator.</summary>
    public static void CheckGenerator(string pointer, string id, ImportedModel model, ProblemList problems) =>
        problems.Require(model.MaskedLmHead, pointer, $"model {id} has no masked-LM head; a {model.Size.Family} that was saved with {TransformerWeights.MaskedLmHead(model.Size.Family)} (ForMaskedLM), imported with it");

    /// <summary>The teacher that fine-tunes an imported model, as specs have it.</summary>
    public static string FineTuned(string id, ImportedModel model) => $$"""{"model": "{{model.Architecture}}", "init": {"from": "imported", "model": "{{id}}"} }""";

    private static string? HeadProblem(string id, ImportedModel model, Dataset dataset)
    {
        var shape = dataset.Shape;
        if (model.Target is not { } target) return $"model {id} is an encoder without a head for {Words(shape.Target, shape.Classes)}; train one first: {FineTuned(id, model)} as teacher";
        if (target != shape.Target || model.Outputs != shape.Classes) return $"model {id} predicts {Words(target, model.Outputs)}; {dataset.Name} asks for {Words(shape.Target, shape.Classes)}";
        if (target != Target.Class || dataset is not TextDataset texts) return null;
        // The same names in another order: every answer would be taken for another.
        var (given, right) = (model.Labels.Select(Folded).ToList(), texts.LabelNames.Select(Folded).ToList());
        return !given.SequenceEqual(right) && given.Order(StringComparer.Ordinal).SequenceEqual(right.Order(StringComparer.Ordinal))
            ? $"model {id} has the classes in the order {string.Join(", ", model.Labels)}; {dataset.Name} has {string.Join(", ", texts.LabelNames)}"
            : null;

        static string Folded(string label) => label.ToLowerInvariant();
    }

    private sealed record Place(string Pointer, Func<JobSpec, string?> Get, Func<JobSpec, string, JobSpec> Set);

    /// <summary>What a network predicts, in words.</summary>
    public static string Words(Target target, int outputs) => target switch { Target.Value => "a value", Target.Span => "a span", _ => $"one of {outputs} classes" };
}
