using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Distillation.Augmenters;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Objectives;
using KdService.Distillation.Tests.Models.Text;
using KdService.Distillation.Tests.Training;
using KdService.Distillation.Training;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Augmenters;

/// <summary>Against what PyTorch computed (<c>python/make_generator_fixtures.py</c>), and what must hold of any texts.</summary>
public sealed class MaskedGeneratorTests
{
    private const int Vocabulary = 40;

    // Gradients are added up over thousands of weights, in single precision.
    private const double Tolerance = 2e-4;

    private static readonly JsonElement Given = Fixtures.Read("generators.json");

    public static TheoryData<int, string> Turns
    {
        get
        {
            var turns = new TheoryData<int, string>();
            foreach (var (index, one) in Given.GetProperty("cases").EnumerateArray().Index())
                foreach (var turn in one.GetProperty("turns").EnumerateObject()) turns.Add(index, turn.Name);
            return turns;
        }
    }

    [Theory]
    [MemberData(nameof(Turns))]
    public void Divergence_OfDrawnWords_AndItsGradientsAreThoseOfTheStraightThroughSoftmax(int index, string divergence)
    {
        using var scope = NewDisposeScope();
        using var setting = new Setting(Given.GetProperty("cases")[index], divergence);
        var turn = setting.Json.GetProperty("turns").GetProperty(divergence);
        var logits = setting.Generator.At(setting.Masking.Hide(Tokens, Hidden), Hidden);
        logits.retain_grad();
        var disturbed = GumbelSoftmax.Disturb(logits.log_softmax(1), Fixtures.Vector(Given.GetProperty("uniform")).view(-1, Vocabulary));
        Assert.Equal(setting.Json.GetProperty("drawn").EnumerateArray().Select(word => word.GetInt64()), disturbed.argmax(1).data<long>());
        var value = setting.Augmenter.DivergenceOf(Tokens, Hidden, disturbed);
        Assert.Equal(turn.GetProperty("divergence").GetDouble(), value.item<float>(), 1e-5);
        value.backward();
        Fixtures.AssertClose(Fixtures.Vector(turn.GetProperty("logits")), logits.grad!.flatten(), 1e-6);
        AssertGradients(turn.GetProperty("generator"), setting.Generator);
    }

    [Theory]
    [MemberData(nameof(Turns))]
    public void Losses_OfAStudentsBatch_AreAThirdEachOfLabelsTeacherAndAlteredTexts(int index, string divergence)
    {
        using var scope = NewDisposeScope();
        using var setting = new Setting(Given.GetProperty("cases")[index], divergence);
        var turn = setting.Json.GetProperty("turns").GetProperty(divergence);
        var altered = Tokens.clone();
        altered.select(1, 0).index_put_(Fixtures.Integers(setting.Json.GetProperty("drawn")), Hidden);
        var labels = Fixtures.Integers(Given.GetProperty("labels"));
        using var losses = new SumOfLosses([.. setting.Stage.Losses.Select(term => (term, ObjectiveFactory.Create(term.Objective, new ObjectiveContext { Classes = 3, TrainSamples = 2 })))]);
        var loss = losses.Loss(new TrainingBatch
        {
            Logits = setting.Student.call(Tokens),
            TeacherLogits = setting.Teacher.call(Tokens).detach(),
            Labels = setting.PredictsValues ? labels.to(float32) : labels,
        }) + setting.Augmenter.LossOn(altered, Given.GetProperty("factor").GetDouble());
        // The plan has the divergence, the official code the cross-entropy: apart from what the student cannot change, the same.
        Assert.Equal(turn.GetProperty("loss").GetDouble(), loss.item<float>(), 1e-5);
        loss.backward();
        AssertGradients(turn.GetProperty("student"), setting.Student);
        Assert.All(setting.Teacher.parameters(), weight => Assert.Null(weight.grad));
    }

    [Fact]
    public void Turns_OfGeneratorAndStudent_MoveTheirOwnNetworkOnly()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using var setting = new Setting(Given.GetProperty("cases")[0], "cross_entropy");
        setting.Student.train();
        using var before = setting.Snapshots();
        setting.Augmenter.Train(Tokens);
        using var trained = setting.Snapshots();
        Assert.NotEqual(before.Generator.Digest(), trained.Generator.Digest());
        Assert.Equal(before.Student.Digest(), trained.Student.Digest());
        Assert.Equal(before.Teacher.Digest(), trained.Teacher.Digest());
        Assert.All(setting.Student.parameters().Concat(setting.Teacher.parameters()), weight => Assert.Null(weight.grad));

        foreach (var weight in setting.Generator.parameters()) weight.grad = null;
        setting.Augmenter.Learn(Tokens, arange(2), epoch: 0, logitFactor: 1);
        using var after = setting.Snapshots();
        Assert.Equal(trained.Generator.Digest(), after.Generator.Digest());
        Assert.All(setting.Generator.parameters(), weight => Assert.Null(weight.grad));
        Assert.Contains(setting.Student.parameters(), weight => weight.grad is not null);
    }

    [Fact]
    public void Turn_OfTheGenerator_RaisesTheDivergenceThatItClimbs()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var setting = new Setting(Given.GetProperty("cases")[0], "logits", rate: 1e-2);
        var before = Mean();
        for (var turn = 0; turn < 40; turn++) setting.Augmenter.Train(Tokens);
        Assert.True(Mean() > before, "40 turns have not raised the divergence");

        double Mean() => Enumerable.Range(0, 200).Average(draw =>
        {
            using var ofDraw = NewDisposeScope();
            using var _ = no_grad();
            var altered = setting.Augmenter.Altered(Tokens);
            return (setting.Student.call(altered) - setting.Teacher.call(altered)).pow(2).mean().item<float>();
        });
    }

    [Fact]
    public void Masking_OfTexts_SparesPaddingAndSpecialTokensAndHidesTheRestAsOftenAsAsked()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var vocabulary = new KdService.Text.Tokenizers.Vocabulary(PhraseWords.Vocabulary);
        var tokenizer = new WordPieceTokenizer(vocabulary);
        using var masking = new TokenMasking(tokenizer, 0.3, CPU);
        var text = tokenizer.Encode($"{PhraseWords.Praising[3]} {PhraseWords.Neutral[1]}?", PhraseWords.Blaming[5]).Ids;
        Assert.Contains(tokenizer.UnknownId, text);
        var ids = tensor([.. text.Select(id => (long)id), -1, -1]).expand(4000, -1);
        var hidden = masking.Draw(stack([ids, zeros_like(ids)], 1)).to(float32).mean([0]);
        foreach (var (place, id) in text.Append(-1).Append(-1).Index())
            Assert.Equal(id < 0 || tokenizer.SpecialIds.Contains(id) ? 0 : 0.3, hidden[place].item<float>(), 0.04);
    }

    [Fact]
    public void Loss_WhereNothingIsHidden_IsNothing()
    {
        using var loss = new MaskedTokensLoss().Loss(new TrainingBatch { Logits = zeros(0, 7), Labels = zeros(0, dtype: int64) });
        Assert.Equal(0, loss.item<float>());
    }

    private static Tensor Tokens => Fixtures.Integers(Given.GetProperty("tokens")).reshape([.. Given.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);

    private static Tensor Hidden => Fixtures.Integers(Given.GetProperty("hidden")).reshape(2, -1).ne(0);

    private static void AssertGradients(JsonElement expected, nn.Module network)
    {
        foreach (var (name, weight) in network.named_parameters())
        {
            var gradient = weight.grad ?? zeros_like(weight);
            Fixtures.AssertClose(Fixtures.Vector(expected.GetProperty(name)), stack([gradient.sum(), gradient.abs().sum()]), Tolerance);
        }
    }

    private sealed class Setting : IDisposable
    {
        private readonly TeacherNetwork _frozen;

        public Setting(JsonElement json, string divergence, double rate = 1e-3)
        {
            Json = json;
            var classes = json.GetProperty("classes").GetInt32();
            PredictsValues = classes == 1;
            var shape = DataShape.Text(Vocabulary, 16, PredictsValues ? Target.Value : Target.Class, classes);
            var (student, teacher, generator) = (Size("student", "l1-h64"), Size("teacher", "l2-h128"), Size("generator", "l1-h128"));
            Student = TextFixtures.Filled(TextNetwork.Create(student, shape), student);
            Teacher = TextFixtures.Filled(TextNetwork.Create(teacher, shape), teacher);
            Generator = TextFixtures.Filled(new MaskedLanguageModel(generator, Vocabulary), generator);
            // Without dropout; the augmenter leaves modes as they are.
            Student.eval();
            Generator.eval();
            _frozen = new TeacherNetwork("teacher", Teacher, "");
            // Token 4 is the mask here as there.
            Masking = new TokenMasking(new WordPieceTokenizer(new Vocabulary([.. PhraseWords.Vocabulary.Take(Vocabulary)])), 0.5, CPU);
            var method = new MateKd { Generator = "bert-l1-h128", Divergence = Core.Schema.Json.Read<GeneratorDivergence>($"\"{divergence}\""), GumbelTemperature = Given.GetProperty("temperature").GetDouble(), GeneratorLearningRate = rate };
            var plan = RecordedRun.Plan(method, epochs: 1, change: spec => spec with
            {
                Dataset = new Phrases(),
                Teacher = new() { Model = "bert-l2-h128" },
                Student = new() { Model = "bert-l1-h64" },
            });
            Stage = plan.Stages[^1];
            var signal = new LiveSignal(_frozen, owned: false, [], CPU, default);
            Augmenter = new MaskedGeneratorAugmenter((MaskedGenerator)Stage.Augmenter!, Generator, Student, signal, Masking, PredictsValues);

            Transformer Size(string network, string size) => Transformers.Size($"{json.GetProperty(network).GetString()}-{size}")!;
        }

        public JsonElement Json { get; }

        public bool PredictsValues { get; }

        public Stage Stage { get; }

        public TextNetwork Student { get; }

        public TextNetwork Teacher { get; }

        public MaskedLanguageModel Generator { get; }

        public TokenMasking Masking { get; }

        public MaskedGeneratorAugmenter Augmenter { get; }

        public Weights Snapshots() => new(Snapshot.Of(Generator), Snapshot.Of(Student), Snapshot.Of(Teacher));

        // Generator and masking belong to the augmenter.
        public void Dispose()
        {
            Augmenter.Dispose();
            Student.Dispose();
            _frozen.Dispose();
        }
    }

    private sealed record Weights(Snapshot Generator, Snapshot Student, Snapshot Teacher) : IDisposable
    {
        public void Dispose()
        {
            Generator.Dispose();
            Student.Dispose();
            Teacher.Dispose();
        }
    }
}
