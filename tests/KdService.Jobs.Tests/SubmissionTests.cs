using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Jobs.Queue;
using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class SubmissionTests : JobsTest
{
    private const string Recipe = """{"model": "resnet20"}""";

    [Fact]
    public async Task SameKeyAndBody_FromManyClientsAtOnce_IsOneJob()
    {
        var node = await StartApiAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => node.Submission.SubmitAsync(TestNode.Spec(Recipe), "key", "digest", CancellationToken.None)));

        Assert.Single(answers.Select(answer => answer.Job.Id).Distinct());
        Assert.Single(answers, answer => answer.Created);
        Assert.Equal(2L, await node.ScalarAsync<long>("select count(*) from jobs")); // with its teacher's
    }

    [Fact]
    public async Task SameKey_WithAnotherBody_IsRefusedByName()
    {
        var node = await StartApiAsync();
        var (job, _) = await node.Submission.SubmitAsync(TestNode.Spec(), "key", "one", CancellationToken.None);

        var refused = await Assert.ThrowsAsync<IdempotencyConflictException>(() => node.Submission.SubmitAsync(TestNode.Spec(), "key", "two", CancellationToken.None));

        Assert.Equal(("key", job.Id), (refused.Key, refused.Id));
    }

    [Fact]
    public async Task SameKey_AfterTheDataSetWentAway_IsStillTheFirstJob()
    {
        var node = await StartApiAsync();
        var cifar = TestNode.Spec() with { Dataset = new Cifar10() };
        WriteCifar(Folder["datasets"]);
        var (first, _) = await node.Submission.SubmitAsync(cifar, "key", "digest", CancellationToken.None);
        Directory.Delete(Folder["datasets"], recursive: true);

        var (second, created) = await node.Submission.SubmitAsync(cifar, "key", "digest", CancellationToken.None);

        Assert.Equal((first.Id, false), (second.Id, created));
        await Assert.ThrowsAsync<InvalidDocumentException>(() => node.Submission.SubmitAsync(cifar, "other", "digest", CancellationToken.None));
    }

    [Fact]
    public async Task Submissions_AreInTheQueueAsSoonAsTheyAreJobs()
    {
        var node = await StartApiAsync();

        var alone = await node.SubmitAsync();
        var taught = await node.SubmitAsync(TestNode.Spec(Recipe));
        var teacher = (await node.JobAsync(taught)).TeacherJob!;

        Assert.Equal(JobState.Waiting, (await node.JobAsync(taught)).Status);
        var linedUp = await node.Get<IJobEngine>().ListAsync(CancellationToken.None);
        Assert.Equal([new AttemptName(alone, 1), new AttemptName(teacher, 1)], linedUp.OrderBy(name => name.JobId));
    }

    [Fact]
    public async Task EqualRecipes_SubmittedAtOnce_ShareOneTeacherJob()
    {
        var node = await StartApiAsync();

        var ids = await Task.WhenAll(Enumerable.Range(0, 30).Select(seed => node.SubmitAsync(TestNode.Spec(Recipe) with { Seed = seed })));

        var jobs = await Task.WhenAll(ids.Select(node.JobAsync));
        Assert.Single(jobs.Select(job => job.TeacherJob).Distinct());
        Assert.All(jobs, job => Assert.Equal("resnet20", job.Teacher));
        var teacher = await node.JobAsync(jobs[0].TeacherJob!);
        Assert.Equal(("none", "resnet20", JobState.Queued), (teacher.Method, teacher.Student, teacher.Status));
    }

    [Fact]
    public async Task DifferentRecipes_HaveTeachersOfTheirOwn()
    {
        var node = await StartApiAsync();

        var one = await node.JobAsync(await node.SubmitAsync(TestNode.Spec(Recipe)));
        var other = await node.JobAsync(await node.SubmitAsync(TestNode.Spec("""{"model": "resnet20", "seed": 7}""")));

        Assert.NotEqual(one.TeacherJob, other.TeacherJob);
    }

    [Fact]
    public async Task DataSet_ThatIsNotHere_IsAProblemThatSaysHowToGetIt()
    {
        var node = await StartApiAsync();

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(TestNode.Spec() with { Dataset = new Cifar10() }));

        var problem = Assert.Single(refused.Problems);
        Assert.Equal("/dataset/name", problem.Pointer);
        Assert.Contains("data_batch_1.bin is missing", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("cs.toronto.edu", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(0L, await node.ScalarAsync<long>("select count(*) from jobs"));
    }

    [Theory]
    [InlineData("", "a.tsv: the file is empty")]
    [InlineData("text\tlabel\n", "a.tsv: 0 rows found; the spec says 10 (train_rows)")]
    [InlineData("sentence\tlabel\nx\tgood\n", "a.tsv:1: there is no column 'text'")]
    [InlineData("text\tlabel\nx\tgreat\n", "a.tsv:2: 'label' is 'great'; one of bad, good")]
    [InlineData("text\tlabel\nx\tgood\n", "a.tsv: 1 rows found; the spec says 10 (train_rows)")]
    [InlineData("text\tlabel\n\u00e9\tgood\n", "is not UTF-8; text in UTF-8 is right", true)]
    public async Task Tables_ThatAreNotWhatTheSpecSays_AreRefusedAtSubmit(string train, string problem, bool latin = false)
    {
        var node = await StartApiAsync();
        Directory.CreateDirectory(Folder["datasets"]);
        var path = Path.Combine(Folder["datasets"], "a.tsv");
        File.WriteAllText(Path.Combine(Folder["datasets"], "b.tsv"), "text\tlabel\nx\tgood\n");
        File.WriteAllText(path, train, latin ? Encoding.Latin1 : new UTF8Encoding());
        var own = new TextFiles { Vocabulary = "phrases", Train = "a.tsv", Test = "b.tsv", TrainRows = 10, TestRows = 1, Labels = ["bad", "good"] };

        var (readable, found) = node.Get<DatasetProbe>().LookInto(own);

        Assert.False(readable);
        Assert.Contains(problem, found, StringComparison.Ordinal);
        // Mended, they are read anew.
        File.WriteAllText(path, "text\tlabel\n" + string.Concat(Enumerable.Repeat("x\tgood\n", 10)));
        Assert.Equal((true, null), node.Get<DatasetProbe>().LookInto(own));
        Assert.Equal((true, null), node.Get<DatasetProbe>().LookIntoTest(own));
    }

    [Fact]
    public async Task Tables_WhoseRowsTheSpecLeavesOut_AreCountedAtSubmit()
    {
        var node = await StartApiAsync();
        WriteTable("train.tsv", 40);
        WriteTable("test.tsv", 7);
        WriteTable("few.tsv", 9);
        var files = new TextFiles { Vocabulary = "phrases", Train = "train.tsv", Test = "test.tsv", Labels = ["bad", "good"] };
        var other = new OtherData { Dataset = files with { Train = null, Test = "few.tsv", Vocabulary = null } };
        var missing = new OtherData { Dataset = files with { Train = null, Test = "none.tsv", Vocabulary = null }, Optional = true };

        var job = await node.JobAsync(await node.SubmitAsync(Spec(files) with { Evaluation = new EvaluationPlan { AlsoOn = [other, missing] } }));

        Assert.Equal((40, 7), (job.Spec!.Dataset.TrainSize, job.Plan!.Dataset.TestSize));
        Assert.Equal([9, 0], job.Plan.Evaluation.AlsoOn.Select(each => each.Size));
        // Once there are more, another job counts them anew; this one's are what they were.
        WriteTable("train.tsv", 50);
        var later = await node.JobAsync(await node.SubmitAsync(Spec(files)));
        Assert.Equal((40, 50), (job.Spec.Dataset.TrainSize, later.Spec!.Dataset.TrainSize));

        Assert.Equal("dataset.train: few.tsv has 9 rows; at least 10", await ProblemAsync(files with { Train = "few.tsv" }));
        Directory.CreateDirectory(Folder["datasets/folder.tsv"]);
        Assert.StartsWith("dataset.name: text_files cannot be used here: folder.tsv is missing from the data root", await ProblemAsync(files with { Train = "folder.tsv" }), StringComparison.Ordinal);
        Assert.Equal("dataset.train_limit: 60 given; at most 50, the training samples of text_files", await ProblemAsync(files with { TrainLimit = 60 }));
        Assert.StartsWith("dataset.name: text_files cannot be used here: train.tsv:2: 'label' is 'good'; one of a, b", await ProblemAsync(files with { Labels = ["a", "b"] }), StringComparison.Ordinal);

        static JobSpec Spec(TextFiles dataset) => new() { Dataset = dataset, Student = new StudentSpec { Model = "bert-l1-h64" }, Method = new None() };

        async Task<string> ProblemAsync(TextFiles dataset) =>
            $"{Assert.Single((await Assert.ThrowsAsync<InvalidDocumentException>(() => node.Submission.ValidateAsync(Spec(dataset), CancellationToken.None))).Problems)}";

        void WriteTable(string name, int rows)
        {
            Directory.CreateDirectory(Folder["datasets"]);
            File.WriteAllText(Folder[$"datasets/{name}"], "text\tlabel\n" + string.Concat(Enumerable.Repeat("x\tgood\n", rows)));
        }
    }

    [Fact]
    public async Task OptionalData_IsDoneWithoutWhereItIsMissing_NotWhereItIsWrong()
    {
        var node = await StartApiAsync();
        Directory.CreateDirectory(Folder["datasets"]);
        var other = new OtherData { Dataset = new TextFiles { Test = "other.tsv", TestRows = 2, Labels = ["negative", "positive"] }, Optional = true };
        var spec = TestNode.Spec() with { Dataset = new Phrases(), Student = new StudentSpec { Model = "bert-l1-h64" }, Evaluation = new EvaluationPlan { AlsoOn = [other] } };

        await node.Submission.ValidateAsync(spec, CancellationToken.None);
        File.WriteAllText(Folder["datasets/other.tsv"], "text\tlabel\nx\tpositive\n");
        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.Submission.ValidateAsync(spec, CancellationToken.None));
        Assert.Equal("evaluation.also_on.0.dataset: text_files other.tsv cannot be evaluated on here: other.tsv: 1 rows found; the spec says 2 (test_rows)", $"{Assert.Single(refused.Problems)}");
    }

    [Theory]
    [InlineData("index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n", "glue/RTE/train.tsv: 1 examples given; RTE has 2490 here")]
    [InlineData("index\tpremise\thypothesis\tlabel\n0\ta\tb\tentailment\n", "glue/RTE/train.tsv:1: there is no column 'sentence1'")]
    public async Task PublishedTexts_ThatAreNotTheOriginals_AreRefusedAtSubmit(string train, string problem)
    {
        var node = await StartApiAsync();
        Directory.CreateDirectory(Folder["datasets/glue/RTE"]);
        File.WriteAllText(Folder["datasets/glue/RTE/train.tsv"], train);
        File.WriteAllText(Folder["datasets/glue/RTE/dev.tsv"], train);
        var rte = new Glue { Task = GlueTask.Rte, Vocabulary = "phrases" };

        Assert.Equal((true, null), node.Get<DatasetProbe>().Look(rte));
        var (readable, found) = node.Get<DatasetProbe>().LookInto(rte);

        Assert.False(readable);
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data": [""", "train.json:1: not JSON")]
    [InlineData("""{"data": [{"paragraphs": [{"context": "A cat.", "qas": [{"id": "1", "question": "What?", "answers": [{"text": "dog", "answer_start": 2}]}]}]}]}""",
        "train.json: 0 questions found that can be used of 1; left out are those whose first answer is not where answer_start says: 1; the spec asks for 10 (train_questions)")]
    public async Task Questions_ThatAreNotWhatTheSpecSays_AreRefusedAtSubmit(string train, string problem)
    {
        var node = await StartApiAsync();
        Directory.CreateDirectory(Folder["datasets"]);
        File.WriteAllText(Folder["datasets/train.json"], train);
        File.WriteAllText(Folder["datasets/test.json"], """{"data": [{"paragraphs": [{"context": "A cat.", "qas": [{"id": "1", "question": "What?", "answers": [{"text": "cat", "answer_start": 2}]}]}]}]}""");
        var squad = new Squad { Vocabulary = "phrases", Train = "train.json", Test = "test.json", TrainQuestions = 10, TestQuestions = 1 };

        Assert.Equal((true, null), node.Get<DatasetProbe>().LookIntoTest(squad));
        var (readable, found) = node.Get<DatasetProbe>().LookInto(squad);

        Assert.False(readable);
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DataSet_WithATruncatedFile_IsAProblemWithBothLengths()
    {
        var node = await StartApiAsync();
        WriteCifar(Folder["datasets"]);
        using (var file = File.OpenWrite(Path.Combine(Folder["datasets"], "cifar-10-batches-bin/data_batch_3.bin"))) file.SetLength(1000);

        var (present, problem) = node.Get<DatasetProbe>().Look(new Cifar10());

        Assert.False(present);
        Assert.StartsWith("cifar-10-batches-bin/data_batch_3.bin has 1000 bytes instead of 30730000", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TeacherJob_ThatCannotTeach_IsAProblemAtItsField()
    {
        var node = await StartApiAsync();
        var queued = await node.SubmitAsync();
        var hundred = await node.SubmitAsync();
        await node.ExecuteAsync("""update jobs set state = 'succeeded', plan = jsonb_set(plan, '{dataset}', '{"name": "cifar100"}') where id = $1""", hundred);

        Assert.Contains("the id of a succeeded job", await ProblemAsync("01arz3ndektsv4rrffq69g5fav"), StringComparison.Ordinal);
        Assert.Contains($"job {queued} is queued", await ProblemAsync(queued), StringComparison.Ordinal);
        Assert.Contains("100 classes", await ProblemAsync(hundred), StringComparison.Ordinal);
        // Both take the same pictures.
        var refusal = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(TestNode.Spec($$"""{"job": "{{hundred}}"}""")));
        Assert.DoesNotContain(refusal.Problems, problem => problem.Detail.Contains("takes", StringComparison.Ordinal));

        async Task<string> ProblemAsync(string teacher)
        {
            var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(TestNode.Spec($$"""{"job": "{{teacher}}"}""")));
            Assert.All(refused.Problems, problem => Assert.Equal("/teacher/job", problem.Pointer));
            return refused.Problems[0].Detail;
        }
    }

    [Fact]
    public async Task TeacherJob_OfAnotherDataSetWithAsManyClasses_IsRefused()
    {
        var node = await StartApiAsync();
        var cifar = await node.SubmitAsync();
        await node.ExecuteAsync("""update jobs set state = 'succeeded', plan = jsonb_set(plan, '{dataset}', '{"name": "cifar10"}') where id = $1""", cifar);

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(TestNode.Spec($$"""{"job": "{{cifar}}"}""")));

        Assert.Contains("learnt cifar10", Assert.Single(refused.Problems).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "glue", "task": "cola"}""", "tells apart unacceptable, acceptable, in this order; a teacher of negative, positive, the classes of glue sst2")]
    [InlineData("""{"name": "text_files", "train": "a.tsv", "test": "b.tsv", "train_rows": 100, "test_rows": 10, "labels": ["positive", "negative"]}""", "tells apart positive, negative, in this order")]
    [InlineData("""{"name": "glue", "task": "stsb"}""", "predicts a value; a teacher that predicts one of 2 classes, as glue sst2 asks")]
    [InlineData("""{"name": "clusters"}""", "classes; a teacher that predicts one of 2 classes, as glue sst2 asks")]
    [InlineData("""{"name": "imdb"}""", null)]
    public async Task TeacherJob_OfTexts_TeachesOthersWithTheSameClassesInTheSameOrder(string learnt, string? detail)
    {
        var node = await StartApiAsync();
        var teacher = await node.SubmitAsync();
        await node.ExecuteAsync($$"""update jobs set state = 'succeeded', plan = jsonb_set(plan, '{dataset}', '{{learnt}}') where id = $1""", teacher);
        var spec = SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(
            $$"""{"dataset": {"name": "glue", "task": "sst2"}, "teacher": {"job": "{{teacher}}"}, "student": {"model": "bert-tiny"}, "method": {"name": "kd"} }"""));

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(spec));

        // The data's files are absent here, which is another problem.
        var ofTeacher = refused.Problems.Where(problem => problem.Pointer == "/teacher/job").ToList();
        if (detail is null) Assert.Empty(ofTeacher);
        else Assert.Contains(ofTeacher, problem => problem.Detail.Contains($"job {teacher} ", StringComparison.Ordinal) && problem.Detail.Contains(detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TeacherJob_OfAnotherVocabulary_IsRefusedNamingBoth()
    {
        const string Texts = """{"name": "text_files", "train": "a.tsv", "test": "b.tsv", "train_rows": 100, "test_rows": 10, "labels": ["bad", "good"], "vocabulary": """;
        var node = await StartApiAsync();
        var cased = await node.SubmitAsync();
        await node.ExecuteAsync($$"""update jobs set state = 'succeeded', plan = jsonb_set(plan, '{dataset}', '{{Texts}}"bert-base-cased"}') where id = $1""", cased);
        var spec = SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(
            $$"""{"dataset": {{Texts}}"bert-base-uncased"}, "teacher": {"job": "{{cased}}"}, "student": {"model": "bert-tiny"}, "method": {"name": "kd"} }"""));

        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(spec));

        Assert.Contains(refused.Problems, problem => problem.Pointer == "/teacher/job"
            && problem.Detail == $"job {cased} cuts texts with the vocabulary bert-base-cased (28996 tokens), and this job with the vocabulary bert-base-uncased (30522 tokens); one vocabulary for teacher, student and data");
    }

    [Fact]
    public async Task TeacherJob_OfAValue_IsRefusedForClasses_AndOfOtherLengthsIsTaken()
    {
        var node = await StartApiAsync();
        var phrases = """{"name": "phrases", "samples": 1000}""";
        var first = Of(phrases, null);
        var classes = await node.SubmitAsync(first);
        var value = await node.SubmitAsync(first with { Seed = 5 });
        await node.ExecuteAsync("update jobs set state = 'succeeded' where id = $1", classes);
        await node.ExecuteAsync("""update jobs set state = 'succeeded', plan = jsonb_set(plan, '{dataset}', '{"name": "text_files", "train": "a.tsv", "test": "b.tsv", "train_rows": 100, "test_rows": 10, "vocabulary": "phrases"}') where id = $1""", value);

        Assert.NotNull(await node.SubmitAsync(Of("""{"name": "phrases", "samples": 1000, "max_length": 16}""", classes)));
        var refused = await Assert.ThrowsAsync<InvalidDocumentException>(() => node.SubmitAsync(Of(phrases, value)));
        Assert.Contains(refused.Problems, problem => problem.Pointer == "/teacher/job" && problem.Detail.StartsWith($"job {value} predicts a value; a teacher that predicts one of ", StringComparison.Ordinal));
        Assert.DoesNotContain(refused.Problems, problem => problem.Detail.Contains("takes", StringComparison.Ordinal));

        static JobSpec Of(string dataset, string? teacher) => SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes(
            $$"""{"dataset": {{dataset}}, {{(teacher is null ? "" : $$""" "teacher": {"job": "{{teacher}}"}, """)}} "student": {"model": "bert-l1-h64"}, "method": {"name": "{{(teacher is null ? "none" : "kd")}}"} }"""));
    }

    [Fact]
    public async Task Validation_ShowsTheTeachersPlanUntilThatTeacherExists()
    {
        var node = await StartApiAsync();
        var spec = TestNode.Spec(Recipe);

        var before = await node.Submission.ValidateAsync(spec, CancellationToken.None);
        var id = await node.SubmitAsync(spec);
        await node.ExecuteAsync("update jobs set state = 'succeeded' where id = $1", (await node.JobAsync(id)).TeacherJob!);
        var after = await node.Submission.ValidateAsync(spec, CancellationToken.None);

        Assert.NotNull(before.TeacherPlan);
        Assert.True(before.TeacherEstimate!.Seconds > before.Estimate.Seconds / 100);
        Assert.Null(after.TeacherPlan);
        Assert.Equal(JobState.Queued, (await node.JobAsync(await node.SubmitAsync(spec with { Seed = 1 }))).Status);
    }

    [Fact]
    public async Task List_FiltersAndPages()
    {
        var node = await StartApiAsync();
        for (var i = 0; i < 7; i++)
            await node.SubmitAsync(TestNode.Spec() with { Name = $"Run {i}", Labels = new() { ["team"] = i % 2 == 0 ? "even" : "odd" } });
        await node.SubmitAsync(TestNode.Spec(Recipe));

        Assert.Equal(["Run 5", "Run 3", "Run 1"], await NamesAsync(new JobFilter { Labels = new Dictionary<string, string> { ["team"] = "odd" } }));
        Assert.Equal(["Run 4"], await NamesAsync(new JobFilter { Name = "run 4" }));
        Assert.Equal(["resnet8-kd"], await NamesAsync(new JobFilter { Statuses = [JobState.Waiting, JobState.Failed] }));
        Assert.Equal(["resnet8-kd"], await NamesAsync(new JobFilter { Method = "kd" }));
        Assert.Equal(["teacher resnet20"], await NamesAsync(new JobFilter { Student = "resnet20" }));
        Assert.Empty(await NamesAsync(new JobFilter { Dataset = "cifar10" }));

        async Task<List<string>> NamesAsync(JobFilter filter)
        {
            List<string> names = [];
            for (string? cursor = null; ;)
            {
                var page = await node.Queries.ListAsync(filter, cursor, 2, CancellationToken.None);
                names.AddRange(page.Items.Select(job => job.Name));
                if ((cursor = page.Next) is null) return names;
            }
        }
    }

    private static void WriteCifar(string root)
    {
        foreach (var file in new Cifar10().Files)
        {
            var path = Path.Combine(root, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var stream = File.Create(path);
            stream.SetLength(file.Bytes!.Value); // sparse
        }
    }
}
