using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>Reads and checks a job spec, as far as can be known without looking at disks or other jobs.</summary>
public static class SpecValidation
{
    /// <summary>Reads a spec from JSON; every problem at once.</summary>
    /// <returns>The spec, complete and valid, if <paramref name="problems"/> stays empty; else null.</returns>
    public static JobSpec? Read(ReadOnlyMemory<byte> json, ProblemList problems)
    {
        if (DocumentReader.Parse(json, problems) is not { } element) return null;
        return Read(element, problems);
    }

    /// <summary>Reads a spec from a parsed JSON value.</summary>
    public static JobSpec? Read(JsonElement element, ProblemList problems)
    {
        if (!DocumentKind.Require<JobSpec>(element, problems)) return null;
        var spec = DocumentReader.Read<JobSpec>(element, problems);
        // Checks across fields need the fields; a part that failed to read has its own problem already.
        if (spec is not null) Check(spec, problems);
        return problems.None ? spec : null;
    }

    /// <summary>Reads a spec or throws.</summary>
    /// <exception cref="InvalidDocumentException">The spec is not acceptable; carries every problem.</exception>
    public static JobSpec ReadOrThrow(ReadOnlyMemory<byte> json)
    {
        var problems = new ProblemList();
        return Read(json, problems) ?? throw new InvalidDocumentException(problems.Items);
    }

    /// <summary>The complaint about a network that is not in the catalogue.</summary>
    /// <param name="given">Its name.</param>
    /// <param name="inputs">What inputs it has to take, where that is known.</param>
    public static string UnknownArchitecture(string? given, InputKind? inputs = null)
    {
        var examples = inputs switch
        {
            InputKind.Text => "bert-tiny, bert-base, roberta-base or, for any size, bert-l4-h256: layers, and a hidden width that is a multiple of 64",
            InputKind.Vectors => "mlp64",
            _ => "resnet8, resnet20, resnet110, resnet8x4 or plane10",
        };
        var known = ArchitectureCatalogue.All.Values.Where(network => inputs is null || network.Takes == inputs).Select(network => network.Name).ToList();
        var meant = given?.ToLowerInvariant() is { Length: > 0 } name
            // Hugging Face's names go on where ours end: bert-base-uncased.
            ? known.Where(network => name.StartsWith($"{network}-", StringComparison.Ordinal)).MaxBy(network => network.Length) ?? Spelling.Nearest(name, known)
            : null;
        return $"{JsonSerializer.Serialize(given)} given; {(meant is null ? $"a network such as {examples}" : $"did you mean {meant}?")} (GET /v1/models lists all)";
    }

    /// <summary>Notes at a place if a network is not in the catalogue, or does not take the inputs of the data.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="dataset">The data; null where it could not be read.</param>
    /// <param name="pointer">JSON pointer to the name.</param>
    /// <param name="problems">Takes the complaint.</param>
    public static void RequireNetwork(string? name, Dataset? dataset, string pointer, ProblemList problems)
    {
        if (ArchitectureCatalogue.Find(name) is not { } network) problems.Add(pointer, UnknownArchitecture(name, dataset?.Shape.Kind));
        else if (dataset is not null && !network.Fits(dataset.Shape)) problems.Add(pointer, Misfit(network, dataset));
    }

    /// <summary>The complaint about a network that does not take the inputs of the data.</summary>
    public static string Misfit(Architecture network, Dataset dataset) =>
        $"\"{network.Name}\" given, which takes {Inputs(network)}; the inputs of {dataset.Name} are {dataset.Shape}: a network such as {Suitable(dataset.Shape.Kind)}";

    private static string Inputs(Architecture network) => network.Takes switch
    {
        InputKind.Text => $"texts of at most {network.LongestText} tokens",
        InputKind.Vectors => "vectors",
        _ => DataShape.Pictures(classes: 2).ToString(),
    };

    private static string Suitable(InputKind kind) => kind switch
    {
        InputKind.Text => "bert-tiny",
        InputKind.Vectors => "mlp64",
        _ => "resnet8",
    };

    /// <summary>Notes what is wrong across the fields of a spec that was read; it may have gaps where fields could not be.</summary>
    public static void Check(JobSpec spec, ProblemList problems)
    {
        if (spec.Student?.Model is { } student)
            RequireNetwork(student, spec.Dataset, "/student/model", problems);
        if (spec.Method is { NeedsTeacher: true } && spec.Teacher is null)
            problems.Add("/teacher", $"missing; method {spec.Method.Name} needs a teacher: {{\"model\": \"{Suitable(spec.Dataset?.Shape.Kind ?? InputKind.Pictures)}\"}} to train one, {{\"job\": \"...\"}}, a finished job, or {{\"imported\": \"...\"}}, an imported model that reads texts");
        problems.Require(spec.Method is not { TextsOnly: true } || spec.Dataset?.Shape.Kind is null or InputKind.Text, "/method/name",
            $"\"{spec.Method?.Name}\" given, which is for texts; the inputs of {spec.Dataset?.Name} are {spec.Dataset?.Shape}: a data set of texts, or another method");
        problems.Require(!spec.Diagnosis || spec.Dataset?.Shape.Target is null or Target.Class, "/diagnosis", $"true given, but {spec.Dataset?.Name} does not ask for a class; leave it out");
        if (spec.Training is { } training) CheckTraining(training, spec.Dataset, "/training", problems);
        if (spec.Teacher is { } teacher) CheckTeacher(teacher, spec.Dataset, problems);
        if (spec.Dataset is { } dataset)
        {
            dataset.Validate(problems);
            dataset.RequireTraining(problems);
            if (problems.None) spec.Evaluation.Check(dataset, "/evaluation", problems);
            problems.Require(spec.TeacherSignal != TeacherSignal.Cached || dataset.DistinctViews is not null, "/teacher_signal",
                "cached given with unlimited views; set dataset.views, or live");
        }
        if (spec is not { Dataset: not null, Student: not null, Method: not null, Training: not null } || !problems.None)
        {
            RequireNoTeacher(spec, problems);
            return;
        }
        spec.Method.Validate(spec, problems);
        // Stages of one's own tell whether they need a teacher once they are right.
        if (problems.None) RequireNoTeacher(spec, problems);
        // Of a teacher that is a job, and of imported models, nothing is known here.
        if (problems.None && ImportsOfSpec.Named(spec).Count == 0 && (spec.Teacher?.Model is not null || !spec.Method.NeedsTeacher)) PlanBuilder.Compile(spec, null, problems);
    }

    private static void RequireNoTeacher(JobSpec spec, ProblemList problems)
    {
        if (spec.Method is not { NeedsTeacher: false } method) return;
        problems.Require(spec.Teacher is null, "/teacher", $"given, but method {method.Name} has no teacher; leave it out");
        problems.Require(!spec.Diagnosis, "/diagnosis", $"true given, but method {method.Name} has no teacher; leave it out");
        problems.Require(spec.Student?.Init is not TeacherLayers, "/student/init", $"teacher_layers given, but method {method.Name} has no teacher; random or imported");
    }

    private static void CheckTraining(TrainingSpec training, Dataset? dataset, string pointer, ProblemList problems)
    {
        problems.Require(training.Optimizer is not Sgd { Nesterov: true, Momentum: 0 }, $"{pointer}/optimizer/momentum",
            "0 given with nesterov; a number above 0, or leave nesterov out");
        problems.Require(training.Precision == Precision.Fp32 || dataset?.Shape.Kind is null or InputKind.Text, $"{pointer}/precision",
            $"bf16 given, which is for networks of texts; the inputs of {dataset?.Name} are {dataset?.Shape}: fp32");
    }

    private static void CheckTeacher(TeacherSpec teacher, Dataset? dataset, ProblemList problems)
    {
        problems.Require(new[] { teacher.Model, teacher.Job, teacher.Imported }.Count(given => given is not null) == 1, "/teacher",
            "exactly one of model (a teacher to train), job (a finished job) and imported (an imported model)");
        if (teacher.Model is { } model)
            RequireNetwork(model, dataset, "/teacher/model", problems);
        problems.Require(teacher.Init is not TeacherLayers, "/teacher/init/from", "\"teacher_layers\" given, but a teacher has no teacher; random or imported");
        if (teacher.Training is { } training) CheckTraining(training, dataset, "/teacher/training", problems);
        if (teacher.Model is null)
        {
            var (given, why) = teacher.Job is null ? ("imported", "an imported model") : ("job", "a finished job");
            problems.Require(teacher.Training is null, "/teacher/training", $"given with {given}; {why} is not trained again");
            problems.Require(teacher.Seed is null, "/teacher/seed", $"given with {given}; {why} has its seed");
            problems.Require(teacher.Init is null, "/teacher/init", $"given with {given}; {why} has its weights, and model trains a teacher that begins with others'");
        }
    }
}
