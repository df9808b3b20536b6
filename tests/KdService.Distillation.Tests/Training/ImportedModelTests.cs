using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;
using KdService.Distillation.Models;
using KdService.Distillation.Training;
using KdService.Distillation.Weights;
using KdService.Tests;
using KdService.Text.Folders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Training;

/// <summary>A student is a Hugging Face folder; such folders are teachers and students of further runs.</summary>
public sealed class ImportedModelTests
{
    private static readonly Phrases Data = new() { Samples = 300, TestSamples = 100, Words = 6 };

    [Fact]
    public void Student_IsAFolder_ThatTeachesAndGoesOnAsItWas()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var (first, artifacts) = Run(folder.Path, new None(), "bert-l2-h64", epochs: 1);
        Assert.Equal(["student/config.json", "student/model.safetensors", "student/special_tokens_map.json", "student/tokenizer_config.json", "student/vocab.txt"],
            artifacts.Where(name => name.StartsWith("student/", StringComparison.Ordinal)));

        var problems = new ProblemList();
        var facts = ModelFolder.Read(folder.File("student"), problems)!;
        Assert.Empty(problems.Items);
        // Where transformers cuts, too.
        Assert.Equal(("bert-l2-h64", Target.Class, 3, 512), (facts.Architecture, facts.Target, facts.Outputs, facts.LongestText));
        Assert.Equal(["negative", "neutral", "positive"], facts.Labels);
        Assert.Equal(Vocabularies.Phrases.Digest, facts.Vocabulary.Digest);

        // The same logits, to the bit.
        using var saved = Networks.Build("bert-l2-h64", Data.Shape, seed: 1);
        using var read = Networks.Build("bert-l2-h64", Data.Shape, seed: 2);
        WeightsFile.Load(saved, folder.File("student.best.safetensors"));
        HuggingFaceFolder.Load(read, folder.File("student"));
        saved.eval();
        read.eval();
        var tokens = stack([arange(5, 17).reshape(2, 6), zeros(2, 6, dtype: int64)], 1);
        using (no_grad()) Assert.Equal(Fixtures.Floats(saved.call(tokens)), Fixtures.Floats(read.call(tokens)));

        Directory.Move(folder.File("student"), folder.File("model"));
        // It teaches itself, begun with its own weights, with a rate too small to change an answer.
        var (second, _) = Run(folder.Path, new Kd(), "bert-l2-h64", epochs: 1, facts, new ImportedWeights { Model = "model" });
        Assert.Equal(first.Models[^1].Best.Accuracy, second.Models[0].Best.Accuracy);
        Assert.Equal(first.Models[^1].Best.Accuracy, second.Models[^1].Best.Accuracy);
        Assert.Equal(1, second.Models[^1].Best.Agreement);
    }

    [Fact]
    public void Student_OfTeacherLayers_BeginsWithThem()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Run(folder.Path, new None(), "bert-l2-h64", epochs: 1);
        Directory.Move(folder.File("student"), folder.File("model"));
        var facts = ModelFolder.Read(folder.File("model"), new ProblemList())!;
        Run(folder.Path, new Kd(), "bert-l1-h64", epochs: 1, facts, new TeacherLayers());
        var (teacher, student) = (Safetensors.Read(folder.File("model/model.safetensors")).Tensors, Safetensors.Read(folder.File("student.last.safetensors")).Tensors);
        const string Query = "attention.self.query.weight";
        Assert.True(student[$"bert.encoder.layer.0.{Query}"].allclose(teacher[$"bert.encoder.layer.1.{Query}"], 0, 1e-3));
        Assert.False(student[$"bert.encoder.layer.0.{Query}"].allclose(teacher[$"bert.encoder.layer.0.{Query}"], 0, 1e-3));
        Assert.False(student["classifier.weight"].allclose(teacher["classifier.weight"], 0, 1e-3));
    }

    [Fact]
    public void Folder_OfAnotherTokenizerThanThePlans_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Run(folder.Path, new None(), "bert-l1-h64", epochs: 1);
        Directory.Move(folder.File("student"), folder.File("model"));
        var facts = ModelFolder.Read(folder.File("model"), new ProblemList())!;
        File.WriteAllLines(folder.File("model/vocab.txt"), File.ReadAllLines(folder.File("model/vocab.txt")).Select(word => word == "nil" ? "none" : word));
        Assert.Contains("not the one that the plan was made for",
            Assert.Throws<RunException>(() => Run(folder.Path, new Kd(), "bert-l1-h64", epochs: 1, facts)).Message, StringComparison.Ordinal);
    }

    // An imported teacher and an imported generator, which no stage of the run trains.
    [Theory]
    [InlineData("""{"name": "mate_kd", "imported_generator": "generator", "generator_batches": 0}""")]
    [InlineData("""{"name": "combined_kd", "imported_generator": "generator", "generator_batches": 0, "max_temperature": 1}""")]
    public void ImportedGenerator_MakesSamplesWithItsOwnWeights(string method)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var plan = Plan(folder.Path, Json.Read<Method>(method));
        RunReport? report = null;
        SortedDictionary<string, byte[]>? kept = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
        {
            report = (happened as RunFinished)?.Report ?? report;
            if (happened is not CheckpointWritten { Kind: CheckpointKind.Resume } checkpoint || kept is not null) return;
            const string prefix = "augmenter/generator/";
            kept = new(Safetensors.Read(folder.File(checkpoint.Path)).Tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value.bytes.ToArray()), StringComparer.Ordinal);
        }, checkpointSeconds: 0));
        Assert.Equal(["teacher", "student"], report!.Models.Select(model => model.Id));
        // Without a turn of its own it is to the end what it was.
        var given = Safetensors.Read(folder.File("generator/model.safetensors")).Tensors;
        Assert.Equal(given.Keys.Order(StringComparer.Ordinal), kept!.Keys);
        Assert.All(given, entry => Assert.Equal(entry.Value.bytes.ToArray(), kept[entry.Key]));
    }

    [Theory]
    [InlineData("""{"name": "annealing_kd", "max_temperature": 2}""")]
    [InlineData("""{"name": "mate_kd", "imported_generator": "generator", "generator_batches": 1, "student_batches": 1, "generator_learning_rate": 0.01}""")]
    [InlineData("""{"name": "combined_kd", "imported_generator": "generator", "generator_batches": 1, "student_batches": 1, "max_temperature": 1}""")]
    public void ImportedTeacher_OfPhrases_TeachesAndIsComparedAsThatWhichAJobHasTrained(string method) => AssertTeachesAlike(
        Json.Read<Method>(method), "bert-l2-h64", Target.Class, _ => new Phrases { Samples = 160, TestSamples = 100 }, evaluation => evaluation with
        {
            Attacks = [new HotFlip { Samples = 8 }, new CharacterAttack { Samples = 8 }],
            AlsoOn = [new OtherData { Dataset = new TextFiles { Test = "other.tsv", TestRows = 20, Labels = ["bad", "good"] }, Labels = new() { ["bad"] = "negative|neutral", ["good"] = "positive" } }],
        }, robustness =>
        {
            Assert.Equal([8, 8], robustness!.Attacks.Select(attack => attack.Samples));
            Assert.Equal(20, Assert.Single(robustness.AlsoOn).Teacher!.Samples);
            Assert.NotNull(robustness.AlsoOn[0].Result.Agreement);
        });

    [Theory]
    [InlineData(SquadVersion.V1)]
    [InlineData(SquadVersion.V2)]
    public void ImportedTeacher_OfQuestions_TeachesAndIsComparedAsThatWhichAJobHasTrained(SquadVersion version) =>
        AssertTeachesAlike(new AnnealingKd { MaxTemperature = 2 }, "bert-l1-h128", Target.Span, folder => SquadTexts.Write(folder, version), evaluation => evaluation, Assert.Null);

    // The same weights, once as a folder that is imported and once as the file that a teacher's job leaves.
    private static void AssertTeachesAlike(
        Method method, string teacher, Target target, Func<string, Dataset> data, Func<EvaluationPlan, EvaluationPlan> evaluation, Action<RobustnessReport?> robustness)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder.File("other.tsv"), ["text\tlabel", .. PhraseWords.Praising.Take(10).Select(word => $"{word}\tgood"), .. PhraseWords.Blaming.Take(10).Select(word => $"{word}\tbad")]);
        Dictionary<string, ImportedModel> models = new()
        {
            ["teacher"] = DrawnFolder.Write(folder.File("teacher"), teacher, target),
            ["generator"] = DrawnFolder.Write(folder.File("generator"), "bert-l1-h64", Target.Word),
        };
        File.Copy(folder.File("teacher/model.safetensors"), folder.File("teacher.safetensors"));
        var dataset = data(folder.Path);
        var (imported, its) = Taught(new TeacherSpec { Imported = "teacher" });
        var (trained, other) = Taught(new TeacherSpec { Model = teacher });
        Assert.Equal(other.Keys, its.Keys);
        Assert.All(other, entry => Assert.True(entry.Value.SequenceEqual(its[entry.Key]), entry.Key));
        // How long it took differs.
        Assert.Equal(trained.Models.Select(model => Json.Write(model.Best)), imported.Models.Select(model => Json.Write(model.Best)));
        robustness(imported.Models[^1].Robustness);
        robustness(trained.Models[^1].Robustness);

        (RunReport, Dictionary<string, byte[]>) Taught(TeacherSpec by)
        {
            RunReport? report = null;
            var plan = RecordedRun.Plan(method, epochs: 4, new AdamW { LearningRate = 1e-3 },
                spec => spec with { Dataset = dataset, Teacher = by, Student = new StudentSpec { Model = "bert-l1-h64" }, Evaluation = evaluation(spec.Evaluation) }, models);
            Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
            return (report!, Safetensors.Read(folder.File("student.last.safetensors")).Tensors.ToDictionary(entry => entry.Key, entry => entry.Value.bytes.ToArray()));
        }
    }

    [Fact]
    public void ImportedGenerator_ThatLearnsOn_BeginsWithItsOwnWeights()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        RunReport? report = null;
        Assert.True(RecordedRun.Of(Plan(folder.Path, new MateKd { ImportedGenerator = "generator", PretrainingEpochs = 1, PretrainingLearningRate = 1e-9 }), folder.Path,
            happened => report = (happened as RunFinished)?.Report ?? report));
        Assert.Equal(["teacher", "generator", "student"], report!.Models.Select(model => model.Id));
        var (given, learnt) = (Safetensors.Read(folder.File("generator/model.safetensors")).Tensors, Safetensors.Read(folder.File("generator.best.safetensors")).Tensors);
        Assert.All(given, entry => Assert.True(learnt[entry.Key].allclose(entry.Value, 0, 1e-6), entry.Key));
    }

    [Fact]
    public void Teacher_ThatBeginsWithAnImportedModel_LeavesCheckpointsThatProKdFollows()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var models = new Dictionary<string, ImportedModel> { ["model"] = DrawnFolder.Write(folder.File("model"), "bert-l2-h64") };
        var spec = new JobSpec
        {
            Dataset = new Phrases { Samples = 160, TestSamples = 100 },
            Teacher = new TeacherSpec { Model = "bert-l2-h64", Init = new ImportedWeights { Model = "model" }, Checkpoints = 2 },
            Student = new StudentSpec { Model = "bert-l1-h64" },
            Method = new ProKd { MaxTemperature = 2 },
            Training = new TrainingSpec { Epochs = 4, BatchSize = 32, Optimizer = new AdamW { LearningRate = 1e-9 } },
        };
        List<TrainerEvent> events = [];
        Assert.True(RecordedRun.Of(PlanBuilder.Compile(TeacherRecipe.JobFor(spec), models: models), folder.Path, events.Add));
        // With so small a rate it is to the end what it began as.
        var (given, trained) = (Safetensors.Read(folder.File("model/model.safetensors")).Tensors, Safetensors.Read(folder.File("student.last.safetensors")).Tensors);
        Assert.All(given, entry => Assert.True(trained[entry.Key].allclose(entry.Value, 0, 1e-6), entry.Key));

        var plan = PlanBuilder.Compile(spec, models: models);
        Assert.Equal([2, 4], plan.TeacherCheckpoints);
        Assert.Equal(plan.TeacherCheckpoints, events.OfType<CheckpointWritten>().Where(checkpoint => checkpoint.Kind == CheckpointKind.Epoch).Select(checkpoint => checkpoint.Epoch));
        File.Copy(folder.File("student.best.safetensors"), folder.File("teacher.safetensors"));
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
        Assert.Equal(["teacher", "student"], report!.Models.Select(model => model.Id));
    }

    [Theory]
    [InlineData("LABEL_0", 1)]
    [InlineData("Negative", 0)]
    public void Teacher_WhoseClassesHaveOtherNames_TakesThemInTheirOrder_WhichTheLogSays(string first, int said)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var plan = Plan(folder.Path, new Kd());
        SmallFolder.Configure(folder.File("teacher"), "id2label", new System.Text.Json.Nodes.JsonObject { ["0"] = first, ["1"] = "neutral", ["2"] = "positive" });
        SmallFolder.Configure(folder.File("teacher"), "label2id", null);
        var log = new Lines();
        Assert.True(RecordedRun.Of(plan, folder.Path, _ => { }, log: log));
        Assert.Equal(said, log.Said.Count(line => line == $"the classes of model teacher are called {first}, neutral, positive; they are taken for negative, neutral, positive, in this order"));
    }

    private sealed class Lines : ILogger
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
    }

    /// <summary>A plan of two epochs on phrases with an imported teacher and an imported generator, which are written to a folder.</summary>
    internal static Plan Plan(string folder, Method method, Func<JobSpec, JobSpec>? change = null)
    {
        Dictionary<string, ImportedModel> models = new()
        {
            ["teacher"] = DrawnFolder.Write(Path.Combine(folder, "teacher"), "bert-l2-h64"),
            ["generator"] = DrawnFolder.Write(Path.Combine(folder, "generator"), "bert-l1-h64", Target.Word),
        };
        return RecordedRun.Plan(method, epochs: 2, new AdamW(), spec =>
        {
            spec = spec with { Dataset = new Phrases { Samples = 160, TestSamples = 100 }, Teacher = new TeacherSpec { Imported = "teacher" }, Student = new StudentSpec { Model = "bert-l1-h64" } };
            return change?.Invoke(spec) ?? spec;
        }, models);
    }

    private static (RunReport Report, IReadOnlyList<string> Artifacts) Run(
        string folder, Method method, string student, int epochs, ImportedModel? imported = null, Initialization? init = null)
    {
        set_num_threads(1);
        var spec = new JobSpec
        {
            Seed = 3,
            Dataset = Data,
            Teacher = imported is null ? null : new TeacherSpec { Imported = "model" },
            Student = new StudentSpec { Model = student, Init = init },
            Method = method,
            Training = new TrainingSpec { Epochs = epochs, BatchSize = 32, Optimizer = new AdamW { LearningRate = init is null ? 1e-3 : 1e-9 } },
        };
        var request = new RunRequest
        {
            JobId = "test",
            Attempt = 1,
            Plan = PlanBuilder.Compile(spec, models: imported is null ? null : new Dictionary<string, ImportedModel> { ["model"] = imported }),
            DataRoot = folder,
            Folders = new() { ["model"] = "model" },
        };
        RunReport? report = null;
        List<string> artifacts = [];
        using var run = TrainingRun.Open(request, folder, RecordedRun.Environment, happened =>
        {
            report = (happened as RunFinished)?.Report ?? report;
            if (happened is ArtifactWritten written) artifacts.Add(written.Name);
        }, NullLogger.Instance, CancellationToken.None);
        Assert.True(run.Execute());
        return (report!, artifacts);
    }
}
