using System.Text.Json.Nodes;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Distillation.Weights;

namespace KdService.Distillation.Tests.Training;

/// <summary>
/// A run goes on past a checkpoint; another is restored from it. After every step both have the same weights, optimiser state, random
/// numbers, sums of losses and best epoch, bit by bit.
/// </summary>
public sealed class ResumeOracleTests
{
    public static TheoryData<string, long> Cases => new() { { "sgd", 4 }, { "sgd", 9 }, { "sgd", 13 }, { "adam", 4 }, { "adamw", 13 } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_RestoredFromACheckpoint_IsTheSameAfterEveryStep(string optimizer, long restoredStep) =>
        AssertSameAfterEveryStep(RecordedRun.Plan(new Kd(), epochs: 3, optimizer switch
        {
            "sgd" => new Sgd { LearningRate = 0.05, Nesterov = true },
            "adam" => new Adam(),
            _ => new AdamW(),
        }), restoredStep);

    // In the midst of the second epoch, where a route has been walked, an anchor chosen, and samples of the first are kept.
    [Theory]
    [InlineData("""{"name": "pro_kd", "max_temperature": 2, "general_epochs": 3, "checkpoints": 3}""")]
    [InlineData("""{"name": "pro_kd", "max_temperature": 2, "general_epochs": 3, "alongside": "plane2"}""")]
    [InlineData("""{"name": "rco", "search": "greedy", "anchors": 4, "every_epochs": 1}""")]
    [InlineData("""{"name": "dml", "peers": ["plane2", "plane4"]}""")]
    [InlineData("""{"name": "backward_kd", "samples": {"every_epochs": 2, "ratio": 0.5, "steps": 2}}""")]
    [InlineData("""{"name": "fitnet", "feature_weight": 1}""")]
    [InlineData("""{"name": "reviewkd", "layers": [{"student": "conv_layers.3", "teacher": "conv_layers.3"}, {"student": "conv_layers.7", "teacher": "conv_layers.7"}]}""")]
    [InlineData("""{"name": "crd", "dimensions": 16, "negatives": 50, "kd_weight": 0.5}""")]
    public void Method_RestoredFromACheckpoint_IsTheSameAfterEveryStep(string method) =>
        AssertSameAfterEveryStep(RecordedRun.Plan(Json.Read<Method>(method), epochs: 4, new Sgd { LearningRate = 1e-3 }), restoredStep: 13);

    // Within stages of the generator, and where it has had turns of its own and the student some.
    [Theory]
    [InlineData("""{"name": "mate_kd", "generator": "bert-l1-h64", "pretraining_epochs": 1, "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 3)]
    [InlineData("""{"name": "mate_kd", "generator": "distilbert-l1-h64", "pretraining_epochs": 1, "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 16)]
    [InlineData("""{"name": "combined_kd", "generator": "bert-l1-h64", "pretraining_epochs": 1, "max_temperature": 1, "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 14)]
    [InlineData("""{"name": "backward_kd", "samples": {"steps": 2, "step_size": 0.005}}""", 4)]
    public void TextMethod_RestoredFromACheckpoint_IsTheSameAfterEveryStep(string method, long restoredStep) =>
        AssertSameAfterEveryStep(RecordedRun.Plan(Json.Read<Method>(method), epochs: 2, new AdamW(), spec => spec with
        {
            Dataset = new Phrases { Samples = 160, TestSamples = 100 },
            Teacher = new TeacherSpec { Model = "bert-l1-h64" },
            Student = new StudentSpec { Model = "bert-l1-h64" },
        }), restoredStep);

    // Where an imported generator has had turns, in its first stage and in one of its own.
    [Theory]
    [InlineData("""{"name": "mate_kd", "imported_generator": "generator", "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 7)]
    [InlineData("""{"name": "mate_kd", "imported_generator": "generator", "pretraining_epochs": 1, "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 3)]
    [InlineData("""{"name": "combined_kd", "imported_generator": "generator", "max_temperature": 1, "generator_batches": 2, "student_batches": 3, "generator_learning_rate": 0.01}""", 6)]
    public void TextMethod_WithAnImportedGenerator_RestoredFromACheckpoint_IsTheSameAfterEveryStep(string method, long restoredStep) =>
        AssertSameAfterEveryStep(folder => ImportedModelTests.Plan(folder, Json.Read<Method>(method)), restoredStep);

    [Fact]
    public void Run_OfTexts_RestoredFromACheckpoint_IsTheSameAfterEveryStep() =>
        AssertSameAfterEveryStep(RecordedRun.Plan(new AnnealingKd { MaxTemperature = 2 }, epochs: 4, new AdamW(), spec => spec with
        {
            Dataset = new Phrases { Samples = 160, TestSamples = 100 },
            Teacher = new TeacherSpec { Model = "bert-l1-h128" },
            Student = new StudentSpec { Model = "bert-l1-h64" },
        }), restoredStep: 13);

    // In the stage whose projection of the student's states learns with it.
    [Fact]
    public void Run_OfLayersOfTransformers_RestoredFromACheckpoint_IsTheSameAfterEveryStep() =>
        AssertSameAfterEveryStep(RecordedRun.Plan(new TinyBert { AttentionWeight = 0 }, epochs: 4, new AdamW(), spec => spec with
        {
            Dataset = new Phrases { Samples = 160, TestSamples = 100 },
            Teacher = new TeacherSpec { Model = "bert-l2-h128" },
            Student = new StudentSpec { Model = "bert-l1-h64" },
        }), restoredStep: 13);

    [Fact]
    public void Run_OfQuestions_RestoredFromACheckpoint_IsTheSameAfterEveryStep() =>
        AssertSameAfterEveryStep(folder => SquadRunTests.SquadPlan(new AnnealingKd { MaxTemperature = 2 }, SquadTexts.Write(folder), "bert-l1-h64", epochs: 4), restoredStep: 13);

    [Fact]
    public void Checkpoint_OfALossThatLearnsAndRemembers_HoldsWhatItDoes()
    {
        using var folder = new TemporaryFolder();
        var state = States(RecordedRun.Plan(new Crd { Dimensions = 16 }, epochs: 1), folder.Path, resume: null, (_, _) => { }).Values.First();
        Assert.Equal(["0.log_normalisers", "0.student.bias", "0.student.weight", "0.student_memory", "0.teacher.bias", "0.teacher.weight", "0.teacher_memory"],
            state.Tensors.Keys.Where(name => name.StartsWith("learner/student/losses/", StringComparison.Ordinal)).Select(name => name["learner/student/losses/1.".Length..]));
    }

    private static void AssertSameAfterEveryStep(Plan plan, long restoredStep) => AssertSameAfterEveryStep(_ => plan, restoredStep);

    private static void AssertSameAfterEveryStep(Func<string, Plan> planIn, long restoredStep)
    {
        using var folder = new TemporaryFolder();
        var plan = planIn(folder.Path);
        var from = Path.Combine(folder.Path, "restored-from.safetensors");
        var wentOn = States(plan, folder.Path, resume: null, (step, file) =>
        {
            if (step == restoredStep) File.Copy(file, from);
        });
        var restored = States(plan, folder.Path, "restored-from.safetensors", (_, _) => { });

        Assert.Equal(wentOn.Keys.Where(step => step > restoredStep), restored.Keys);
        foreach (var (step, state) in restored)
        {
            Assert.Equal(wentOn[step].Header, state.Header);
            Assert.Equal(wentOn[step].Tensors.Keys, state.Tensors.Keys);
            foreach (var (name, bytes) in state.Tensors) Assert.True(wentOn[step].Tensors[name].SequenceEqual(bytes), $"{name} differs after step {step}");
        }
    }

    private static SortedDictionary<long, (string Header, SortedDictionary<string, byte[]> Tensors)> States(Plan plan, string folder, string? resume, Action<long, string> written)
    {
        var states = new SortedDictionary<long, (string, SortedDictionary<string, byte[]>)>();
        // After every step, and once more where a stage ends at the last.
        RecordedRun.Of(plan, folder, happened =>
        {
            if (happened is not CheckpointWritten { Kind: CheckpointKind.Resume } checkpoint) return;
            var file = Path.Combine(folder, checkpoint.Path);
            states[checkpoint.Step] = Read(file);
            written(checkpoint.Step, file);
        }, resume, checkpointSeconds: 0);
        return states;
    }

    private static (string Header, SortedDictionary<string, byte[]> Tensors) Read(string file)
    {
        var (tensors, metadata) = Safetensors.Read(file);
        var header = JsonNode.Parse(metadata["kdservice.resume"])!.AsObject();
        // What was measured on the way differs between any two runs.
        foreach (var measured in new[] { "seconds", "work", "signals" }) header.Remove(measured);
        var bytes = new SortedDictionary<string, byte[]>(tensors.ToDictionary(entry => entry.Key, entry => entry.Value.bytes.ToArray()), StringComparer.Ordinal);
        foreach (var tensor in tensors.Values) tensor.Dispose();
        return (header.ToJsonString(), bytes);
    }
}
