using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Core.Weights;

namespace KdService.Core.Tests;

public class GeneratorMethodTests
{
    [Fact]
    public void MateKd_IsAGeneratorsStageAndThreeLossesOfAThirdEach()
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document("""{"name": "mate_kd"}""")));
        Assert.Equal(["generator", "distil"], plan.Stages.Select(stage => stage.Name));
        Assert.Equal(ModelRole.Generator, plan.Model(plan.Stages[0].Trains).Role);
        var distil = plan.Stages[1];
        var samples = Assert.IsType<MaskedGenerator>(distil.Augmenter);
        Assert.All([.. distil.Losses.Select(term => term.Weight), samples.Weight], weight => Assert.Equal(1.0 / 3, weight));
        // The other networks are seen as what they predict, the generator as what it does: words.
        Assert.Equal(plan.Dataset.Shape.Vocabulary, plan.ShapeOf("generator").Classes);
        Assert.Equal(plan.Dataset.Shape, plan.ShapeOf(PlanBuilder.Student));
    }

    [Theory]
    [InlineData("mate_kd", "distil")]
    [InlineData("combined_kd", "annealing")]
    public void Generator_ThatIsImported_IsThereFromTheStart(string method, string first)
    {
        var plan = PlanBuilder.Compile(Read($$"""{"name": "{{method}}", "imported_generator": "guesser"}"""), models: Guesser());
        Assert.Equal(first, plan.Stages[0].Name);
        var generator = plan.Model(Assert.IsType<MaskedGenerator>(plan.Stages[0].Augmenter).Generator);
        Assert.Equal((ModelRole.Generator, "distilbert-l2-h64", "guesser", true), (generator.Role, generator.Architecture, generator.Imported, generator.ImportedHead));
        Assert.Equal(["guesser"], plan.ImportedModels);
        Assert.Equal(Vocabularies.Phrases.Digest, ((TextDataset)plan.Dataset).Imported!.Digest);
    }

    [Fact]
    public void Generator_ThatIsImported_LearnsOnIfAsked()
    {
        var plan = PlanBuilder.Compile(Read("""{"name": "mate_kd", "imported_generator": "guesser", "pretraining_epochs": 2}"""), models: Guesser());
        Assert.Equal([("generator", 2), ("distil", 30)], plan.Stages.Select(stage => (stage.Name, stage.Epochs)));
    }

    [Fact]
    public void Generator_ThatIsNoMaskedLanguageModel_IsRefusedWithWhatIsMissing()
    {
        var models = Guesser();
        models["guesser"] = models["guesser"] with { MaskedLmHead = false };
        Assert.Equal(["/method/imported_generator: model guesser has no masked-LM head; a DistilBert that was saved with vocab_transform.*, vocab_layer_norm.* and vocab_projector.bias (ForMaskedLM), imported with it"],
            Problems(Read("""{"name": "mate_kd", "imported_generator": "guesser"}"""), models));
    }

    [Fact]
    public void Generator_OfAnotherVocabulary_IsRefusedNamingBoth()
    {
        var models = Guesser();
        models["guesser"] = models["guesser"] with { Vocabulary = new ImportedVocabulary(30_522, "other") };
        const string method = """{"name": "mate_kd", "imported_generator": "guesser"}""";
        // Than the data's, with which a teacher is trained from scratch.
        Assert.StartsWith("/teacher/model: a teacher that learns with the vocabulary phrases (303 tokens) given, but model guesser (/method/imported_generator) has another (30522 tokens)",
            Assert.Single(Problems(Read(method), models)), StringComparison.Ordinal);
        // Than the student's.
        models["student"] = models["guesser"] with { Architecture = "bert-l1-h64", Vocabulary = new ImportedVocabulary(303, Vocabularies.Phrases.Digest!) };
        Assert.Contains("/method/imported_generator: the vocabulary of model guesser (30522 tokens) is another than that of model student (303 tokens); all networks of a job cut texts alike",
            Problems(Read(method, """, "init": {"from": "imported", "model": "student"}"""), models));
    }

    [Theory]
    [InlineData("procedural", "resnet8", "/method/name", "\"mate_kd\" given, which is for texts")]
    [InlineData("phrases", "bert-l1-h64", "/method/generator", "given with imported_generator; an imported model has its network")]
    public void Generator_ThatIsImported_IsRefusedWhereThereIsNoUseOfIt(string dataset, string network, string pointer, string detail) =>
        AssertRefused(Document("""{"name": "mate_kd", "imported_generator": "guesser", "generator": "bert-l1-h64"}""", dataset, network), pointer, detail);

    [Fact]
    public void Rounds_OfBatches_BeginWithTheGenerators()
    {
        var samples = new MaskedGenerator();
        var claimed = Enumerable.Range(0, 330).Where(batch => samples.Claims(batch));
        Assert.Equal([.. Enumerable.Range(0, 10), .. Enumerable.Range(110, 10), .. Enumerable.Range(220, 10)], claimed);
    }

    [Fact]
    public void Generator_OfAllFamilies_HasTheParametersOfItsMaskedLanguageModel()
    {
        // Embeddings with their norm, one layer, the transform with its norm, a bias for each word.
        const int vocabulary = 100, hidden = 64, inner = 256;
        const int layer = 4 * (hidden * hidden + hidden) + 2 * hidden + (hidden * inner + inner) + (inner * hidden + hidden) + 2 * hidden;
        var shape = DataShape.Text(vocabulary, 16, Target.Class, 2).OfWords;
        var expected = hidden * (vocabulary + 512 + 2) + 2 * hidden + layer + hidden * hidden + hidden + 2 * hidden + vocabulary;
        Assert.Equal(expected, Architectures.ArchitectureCatalogue.Find("bert-l1-h64")!.Parameters(shape));
    }

    private const string Losses = """ "losses": [{"objective": {"name": "kd"}}]""";
    private const string Guess = """ "losses": [{"objective": {"name": "masked_tokens"}}]""";
    private const string Models = """ "models": [{"id": "g", "model": "bert-l1-h64"}]""";

    [Theory]
    [InlineData("""{"name": "mate_kd", "generator": "resnet8"}""", "/method/generator", "the inputs of phrases are texts")]
    [InlineData("""{"name": "mate_kd", "generator_batches": 1000, "student_batches": 1}""", "/method", "all of which would be the generator's")]
    [InlineData("""{"name": "combined_kd", "generator_batches": 1000}""", "/method", "generator_batches 1000 given; stage annealing has")]
    [InlineData("""{"name": "mate_kd", "mask_probability": 0}""", "/method/mask_probability", "0 given; a number above 0")]
    [InlineData($$$"""{"name": "custom", "stages": [{"name": "a", {{{Losses}}}, "augmenter": {"name": "masked_generator", "generator": "g"}}]}""",
        "/method/stages/0/augmenter", "generator \"g\" given; one of models, which an earlier stage has trained with masked_tokens")]
    [InlineData($$$"""{"name": "custom", "stages": [{"name": "b", {{{Losses}}}}, {"name": "a", {{{Losses}}}, "augmenter": {"name": "masked_generator", "generator": "student"}}]}""",
        "/method/stages/1/augmenter", "generator \"student\" given; one of models, which an earlier stage has trained with masked_tokens")]
    [InlineData($$$"""{"name": "custom", {{{Models}}}, "stages": [{"name": "g", "trains": "g", {{{Losses}}}}, {"name": "a", {{{Losses}}}, "augmenter": {"name": "masked_generator", "generator": "g"}}]}""",
        "/method/stages/0/trains", "\"g\" given, a generator; its stages have the loss masked_tokens")]
    [InlineData($$$"""{"name": "custom", "stages": [{"name": "a", {{{Guess}}}}, {"name": "b", {{{Losses}}}}]}""", "/method/stages/0/losses", "masked_tokens given, which trains generators")]
    [InlineData($$$"""{"name": "custom", {{{Models}}}, "stages": [{"name": "g", "trains": "g", {{{Guess}}}}, {"name": "a", {{{Losses}}}, "curriculum": {"source": "g"}, "augmenter": {"name": "masked_generator", "generator": "g"}}, {"name": "b", {{{Losses}}}}]}""",
        "/method/stages/1", "\"g\" given, a generator, which tells no classes apart")]
    public void Generator_ThatCannotBe_IsRefusedWithItsPlace(string method, string pointer, string detail) => AssertRefused(Document(method), pointer, detail);

    [Theory]
    [InlineData("""{"name": "backward_kd", "samples": {"every_epochs": 2}}""", "bert-l1-h64", "every_epochs 2 given; 1 for texts")]
    [InlineData("""{"name": "backward_kd"}""", "bert-l1-h512", "a student of width 512 given, and a vocabulary of")]
    public void BackwardKd_OfTextsThatCannotBe_IsRefused(string method, string network, string detail) => AssertRefused(Document(method, network: network), "/method", detail);

    [Fact]
    public void CombinedKd_IsAnnealingKdWithAGeneratorInItsFirstStage()
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document("""{"name": "combined_kd"}""")));
        Assert.Equal([("generator", 3), ("annealing", 22), ("labels", 8)], plan.Stages.Select(stage => (stage.Name, stage.Epochs)));
        Assert.Equal(0.5, Assert.Single(plan.Stages[1].Losses).Weight);
        Assert.Equal((0.5, GeneratorDivergence.Logits), (plan.Stages[1].Augmenter!.Weight, ((MaskedGenerator)plan.Stages[1].Augmenter!).Divergence));
        Assert.Equal(10, plan.Stages[1].Curriculum!.AnnealFrom);
        Assert.Null(plan.Stages[2].Augmenter);
        Assert.Equal(new StartFrom("annealing", WeightsOf.Best), plan.Stages[2].StartFrom);
    }

    [Fact]
    public void Generator_ThatTheUserTrains_MakesSamplesOfACustomStage()
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document(
            $$$"""{"name": "custom", {{{Models}}}, "stages": [{"name": "g", "trains": "g", {{{Guess}}}}, {"name": "a", {{{Losses}}}, "augmenter": {"name": "masked_generator", "generator": "g"}}]}""")));
        Assert.Equal(ModelRole.Generator, plan.Model("g").Role);
        Assert.NotNull(plan.Stages[1].Curriculum);
    }

    [Theory]
    [InlineData("""{"name": "mate_kd"}""", "/method/name", "\"mate_kd\" given, which is for texts; the inputs of procedural are pictures of 3x32x32")]
    [InlineData($$$"""{"name": "custom", "stages": [{"name": "a", {{{Losses}}}, "augmenter": {"name": "masked_generator"}}]}""", "/method/stages/0/augmenter", "masked_generator given, which alters texts")]
    public void Generator_OfPictures_IsRefused(string method, string pointer, string detail) =>
        AssertRefused(Document(method, "procedural", "resnet8"), pointer, detail);

    private static void AssertRefused(byte[] document, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(document, problems));
        Assert.Contains(problems.Items, problem => problem.Pointer == pointer && problem.Detail.Contains(detail, StringComparison.Ordinal));
    }

    private static byte[] Document(string method, string dataset = "phrases", string network = "bert-l1-h64", string init = "") =>
        Encoding.UTF8.GetBytes($$$"""{"dataset": {"name": "{{{dataset}}}"}, "teacher": {"model": "{{{network}}}"}, "student": {"model": "{{{network}}}"{{{init}}}}, "method": {{{method}}}}""");

    private static JobSpec Read(string method, string init = "") => SpecValidation.ReadOrThrow(Document(method, init: init));

    private static List<string> Problems(JobSpec spec, Dictionary<string, ImportedModel> models)
    {
        var problems = new ProblemList();
        Assert.Null(PlanBuilder.Compile(spec, null, problems, models));
        return [.. problems.Items.Select(problem => $"{problem.Pointer}: {problem.Detail}")];
    }

    private static Dictionary<string, ImportedModel> Guesser() => new()
    {
        ["guesser"] = new ImportedModel
        {
            Architecture = "distilbert-l2-h64",
            Vocabulary = new ImportedVocabulary(303, Vocabularies.Phrases.Digest!),
            MaskedLmHead = true,
            Parameters = 1,
            Files = [],
            Digest = "",
        },
    };
}
