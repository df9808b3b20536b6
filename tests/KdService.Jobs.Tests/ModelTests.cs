using System.Text;
using KdService.Core.Benchmarks;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs.Benchmarks;
using KdService.Jobs.Models;
using KdService.Jobs.Tests.Support;
using KdService.Tests;

namespace KdService.Jobs.Tests;

public class ModelTests : JobsTest
{
    [Fact]
    public async Task ImportedModels_LieWhereTheTrainerOfAJobFindsThem()
    {
        var (node, _) = await StartAsync($"cp run.json {Folder["run.json"]}; (cd models && ls *) > {Folder["received"]}; {ScriptedTrainer.Steps(3)}");
        var teacher = await ImportAsync(node, "bert-l2-h64");
        var student = await ImportAsync(node, "bert-l1-h64");

        var id = await node.SubmitAsync(Spec(teacher, student));
        var job = await node.WaitForAsync(id, JobState.Succeeded);

        Assert.Equal((JobState.Succeeded, "bert-l2-h64", null), (job.Status, job.Teacher, job.TeacherJob));
        string[] files = ["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"];
        Assert.Equal(new[] { teacher, student }.Order(StringComparer.Ordinal).SelectMany(model => files.Prepend($"{model}:")),
            (await File.ReadAllLinesAsync(Folder["received"])).Where(line => line.Length > 0));
        Assert.Contains($"\"{teacher}\": \"models/{teacher}\"", await File.ReadAllTextAsync(Folder["run.json"]), StringComparison.Ordinal);

        // What learnt with an imported vocabulary teaches with it, and nothing else.
        var heir = await node.Submission.ValidateAsync(Spec(null, null, $$"""{"job": "{{id}}"}"""), CancellationToken.None);
        Assert.Equal([teacher], heir.Plan.ImportedModels);
    }

    [Fact]
    public async Task ImportedModel_ThatAJobNeeds_IsKeptUntilTheJobHasEnded()
    {
        var (node, trainer) = await StartAsync($"wait_gate; {ScriptedTrainer.Steps(1)}");
        var teacher = await ImportAsync(node, "bert-l2-h64");
        var models = node.Get<ModelStore>();
        var id = await node.SubmitAsync(Spec(teacher));

        var refused = await Assert.ThrowsAsync<ModelInUseException>(() => models.DeleteAsync(teacher, CancellationToken.None));
        Assert.Contains(id, refused.Message, StringComparison.Ordinal);
        trainer.OpenGate();
        await node.WaitForAsync(id, JobState.Succeeded);
        var weights = (await models.FindAsync(teacher, CancellationToken.None))!.Facts.Files.Single(file => file.Name == "model.safetensors").Sha256;
        await models.DeleteAsync(teacher, CancellationToken.None);
        Assert.Null(node.Artifacts.Length(weights));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => models.DeleteAsync(teacher, CancellationToken.None));

        await node.ExecuteAsync("update jobs set state = 'failed' where id = $1", id);
        var retried = await Assert.ThrowsAsync<InvalidTransitionException>(() => node.Get<JobControl>().RetryAsync(id, CancellationToken.None));
        Assert.StartsWith($"job {id} needs model {teacher}, which has been removed", retried.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportedModel_ThatABenchmarkWillNeed_IsKeptUntilItHasSubmittedAll()
    {
        var (node, trainer) = await StartAsync($"wait_gate; {ScriptedTrainer.Steps(1)}");
        var teacher = await ImportAsync(node, "bert-l2-h64");
        var models = node.Get<ModelStore>();
        var plan = BenchmarkExpansion.Read(Encoding.UTF8.GetBytes($$"""
            {"name": "b", "max_running": 1, "baseline": "kd", "matrix": {"methods": ["kd", "lskd"]},
             "base": {"dataset": {{Json.Write(Spec(teacher).Dataset)}}, "teacher": {"imported": "{{teacher}}"}, "student": {"model": "bert-l1-h64"} } }
            """), new ProblemList())!;
        var benchmark = (await node.Get<BenchmarkSubmission>().SubmitAsync(plan, null, CancellationToken.None)).Benchmark.Id;

        // The first job is under way, or not yet submitted; the second is not before that has ended.
        var refused = await Assert.ThrowsAsync<ModelInUseException>(() => models.DeleteAsync(teacher, CancellationToken.None));
        Assert.Contains($"benchmark {benchmark}, which has jobs to submit yet, needs model {teacher}", refused.Message, StringComparison.Ordinal);
        await node.Get<BenchmarkControl>().CancelAsync(benchmark, CancellationToken.None);
        trainer.OpenGate();
        await TestNode.UntilAsync(async () => await node.ScalarAsync<long>("select count(*) from jobs where state not in ('cancelled', 'succeeded')") == 0, () => Task.FromResult("the job goes on"));
        await models.DeleteAsync(teacher, CancellationToken.None);
    }

    [Fact]
    public async Task Spec_WithAModelThatIsNotThere_OrOfAnotherVocabulary_IsRefusedAtSubmit()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(1));
        var other = await ImportAsync(node, "bert-l1-h64", words: 40);
        var missing = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Spec("01jzc0f2w8k5m3v7q9x1n4b6dr")));
        Assert.Equal("teacher.imported: \"01jzc0f2w8k5m3v7q9x1n4b6dr\" given; the id of an imported model (GET /v1/models lists them)", $"{missing.Problems[0]}");
        var teacher = await ImportAsync(node, "bert-l2-h64");
        var foreign = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Spec(teacher, other)));
        Assert.Contains($"the vocabulary of model {other} (45 tokens) is another", foreign.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportedGenerator_LiesWhereTheTrainerFindsIt_AndIsKeptUntilTheJobHasEnded()
    {
        var (node, trainer) = await StartAsync($"cp run.json {Folder["run.json"]}; (cd models && ls *) > {Folder["received"]}; wait_gate; {ScriptedTrainer.Steps(3)}");
        var teacher = await ImportAsync(node, "bert-l2-h64");
        var classifier = await ImportAsync(node, "bert-l1-h64");
        var generator = await ImportAsync(node, "distilbert-l1-h64", target: Target.Word);
        var foreign = await ImportAsync(node, "distilbert-l1-h64", words: 40, target: Target.Word);
        JobSpec Mate(string imported) => Spec(teacher, method: $$"""{"name": "mate_kd", "imported_generator": "{{imported}}"}""");

        var headless = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Mate(classifier)));
        Assert.Equal($"method.imported_generator: model {classifier} has no masked-LM head; a Bert that was saved with cls.predictions.* (ForMaskedLM), imported with it", $"{Assert.Single(headless.Problems)}");
        var unknown = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Mate("01jzc0f2w8k5m3v7q9x1n4b6dr")));
        Assert.StartsWith("method.imported_generator: \"01jzc0f2w8k5m3v7q9x1n4b6dr\" given; the id of an imported model", $"{Assert.Single(unknown.Problems)}", StringComparison.Ordinal);
        var other = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Mate(foreign)));
        Assert.Contains($"the vocabulary of model {foreign} (45 tokens) is another than that of model {teacher}", other.Message, StringComparison.Ordinal);

        var id = await node.SubmitAsync(Mate(generator));
        var refused = await Assert.ThrowsAsync<ModelInUseException>(() => node.Get<ModelStore>().DeleteAsync(generator, CancellationToken.None));
        Assert.Contains(id, refused.Message, StringComparison.Ordinal);
        trainer.OpenGate();
        await node.WaitForAsync(id, JobState.Succeeded);
        Assert.Contains($"{generator}:", await File.ReadAllLinesAsync(Folder["received"]));
        Assert.Contains($"\"{generator}\": \"models/{generator}\"", await File.ReadAllTextAsync(Folder["run.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ImportedModel_ThatATeacherBeginsWith_IsFineTunedByTheTeachersJob()
    {
        var (node, trainer) = await StartAsync($"cp run.json {Folder["run-"]}$job.json; ls models > {Folder["models-"]}$job; wait_gate; {ScriptedTrainer.Steps(3)}");
        var model = await ImportAsync(node, "bert-l2-h64");
        var spec = Spec(null, null, $$"""{"model": "bert-l2-h64", "init": {"from": "imported", "model": "{{model}}"} }""");
        Assert.Equal(model, (await node.Submission.ValidateAsync(spec, CancellationToken.None)).TeacherPlan!.Model("student").Imported);
        var other = spec with { Teacher = spec.Teacher! with { Model = "bert-l3-h64" } };
        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(other));
        Assert.Equal($"teacher.init.model: model {model} is a bert-l2-h64, and teacher.model a bert-l3-h64; the same network", $"{Assert.Single(refused.Problems)}");

        var ids = await Task.WhenAll(Enumerable.Range(0, 2).Select(seed => node.SubmitAsync(spec with { Seed = seed })));
        await Assert.ThrowsAsync<ModelInUseException>(() => node.Get<ModelStore>().DeleteAsync(model, CancellationToken.None));
        trainer.OpenGate();
        foreach (var id in ids) await node.WaitForAsync(id, JobState.Succeeded);

        var teacher = Assert.Single((await Task.WhenAll(ids.Select(id => node.JobAsync(id)))).Select(job => job.TeacherJob).Distinct())!;
        // The teacher begins with its weights; the students cut texts as it does.
        foreach (var job in ids.Append(teacher)) Assert.Equal([model], await File.ReadAllLinesAsync(Folder[$"models-{job}"]));
        var request = Json.Read<RunRequest>(await File.ReadAllTextAsync(Folder[$"run-{teacher}.json"]));
        Assert.Equal((model, true), (request.Plan.Model("student").Imported, request.Plan.Model("student").ImportedHead));
        Assert.Null(Json.Read<RunRequest>(await File.ReadAllTextAsync(Folder[$"run-{ids[0]}.json"])).Plan.Model("teacher").Imported);
    }

    [Fact]
    public async Task Model_ImportedBeforeItsHeadWasLookedFor_IsKnownByItOnceImportedAgain()
    {
        var (node, _) = await StartAsync(ScriptedTrainer.Steps(1));
        var folder = SmallFolder.Write(Folder["again"], target: Target.Word);
        var models = node.Get<ModelStore>();
        var (model, _) = await models.ImportAsync(folder, "guesser", CancellationToken.None);
        await node.ExecuteAsync("update models set facts = facts - 'masked_lm_head'");
        Assert.False((await models.FindAsync(model.Id, CancellationToken.None))!.Facts.MaskedLmHead);
        var (again, created) = await models.ImportAsync(folder, "another name", CancellationToken.None);
        Assert.Equal((model.Id, "guesser", true, false), (again.Id, again.Name, again.Facts.MaskedLmHead, created));
    }

    // Only whether they are there is looked at.
    private void WriteData()
    {
        Directory.CreateDirectory(Folder["datasets"]);
        foreach (var (name, rows) in new[] { ("train.csv", 100), ("test.csv", 50) })
            File.WriteAllText(Folder[$"datasets/{name}"], "text,label\n" + string.Concat(Enumerable.Repeat("good,a\n", rows)));
    }

    private async Task<string> ImportAsync(TestNode node, string architecture, int? words = null, Target target = Target.Class)
    {
        WriteData();
        var folder = SmallFolder.Write(Folder[$"{architecture}-{words}"], architecture, words: words, target: target);
        var (model, created) = await node.Get<ModelStore>().ImportAsync(folder, null, CancellationToken.None);
        Assert.True(created);
        Directory.Delete(folder, recursive: true);
        return model.Id;
    }

    private static JobSpec Spec(string? teacher, string? student = null, string? trained = null, string method = """{"name": "kd"}""")
    {
        var of = trained ?? $$"""{"imported": "{{teacher}}"}""";
        var init = student is null ? "" : $$""", "init": {"from": "imported", "model": "{{student}}"}""";
        return SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(
            $$"""
            {"dataset": {"name": "text_files", "train": "train.csv", "test": "test.csv", "train_rows": 100, "test_rows": 50, "labels": ["a", "b", "c"]},
             "teacher": {{of}}, "student": {"model": "bert-l1-h64"{{init}} }, "method": {{method}} }
            """));
    }
}
