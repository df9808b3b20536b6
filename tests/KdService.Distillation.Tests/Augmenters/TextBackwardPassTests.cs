using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Distillation.Augmenters;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Tests.Models.Text;
using KdService.Distillation.Training;
using KdService.Text.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Augmenters;

public sealed class TextBackwardPassTests
{
    private const int Vocabulary = 80;

    // Ids and segments of two texts; the second is padded. Tokens 2 and 3 begin and end texts.
    private static Tensor Tokens => tensor(new long[] { 2, 17, 9, 3, 33, 21, 3, 0, 0, 0, 0, 1, 1, 1, 2, 8, 39, 3, 12, -1, -1, 0, 0, 0, 1, 1, 0, 0 }).view(2, 2, 7);

    [Fact]
    public void Map_BetweenTablesOfEmbeddings_IsNumPysLeastSquares()
    {
        using var scope = NewDisposeScope();
        var given = Fixtures.Read("generators.json").GetProperty("map");
        var map = WordMap.Between(Fixtures.Matrix(given.GetProperty("from")), Fixtures.Matrix(given.GetProperty("to")));
        Fixtures.AssertClose(Fixtures.Matrix(given.GetProperty("map")), map);
    }

    [Fact]
    public void Map_OntoEmbeddingsThatItReaches_IsExact()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var (words, map) = (randn(50, 6), randn(6, 9));
        Fixtures.AssertClose(map, WordMap.Between(words, words.mm(map)));
    }

    [Theory]
    [InlineData("bert", "bert", Divergence.Logits)]
    [InlineData("bert", "bert", Divergence.Kl)]
    [InlineData("roberta", "roberta", Divergence.Logits)]
    [InlineData("distilbert", "bert", Divergence.Logits)]
    public void Ascent_OfWords_FollowsFiniteDifferencesAndSparesSpecialTokens(string student, string teacher, Divergence divergence)
    {
        using var scope = NewDisposeScope();
        using var setting = new Setting($"{student}-l1-h64", $"{teacher}-l2-h128", new BackwardPass { Divergence = divergence, Steps = 1, StepSize = 1, Step = AscentStep.Raw });
        const double Factor = 0.7;
        var words = setting.Student.Words.index_select(0, Tokens.select(1, 0).clamp(min: 0).flatten()).view(2, 7, 64).detach();
        var gradient = setting.Augmenter.Ascend(Tokens, Factor) - words;
        var moving = tensor(new[] { false, true, true, false, true, true, false, false, true, true, false, true, false, false }).view(2, 7);
        Assert.Equal(0, gradient.masked_fill(moving.unsqueeze(2), 0).abs().max().item<float>());

        // In double precision, along a direction at random.
        using var exactStudent = setting.Student.to(float64);
        using var exactTeacher = setting.Teacher.to(float64);
        manual_seed(7);
        var direction = randn(2, 7, 64, dtype: float64).masked_fill(moving.logical_not().unsqueeze(2), 0);
        var map = linalg.solve(exactStudent.Words.t().mm(exactStudent.Words), exactStudent.Words.t().mm(exactTeacher.Words));
        var own = exactTeacher.Words.index_select(0, Tokens.select(1, 0).clamp(min: 0).flatten()).view(2, 7, 128);
        const double H = 1e-4;
        var slope = (Distance(words.to(float64) + H * direction) - Distance(words.to(float64) - H * direction)) / (2 * H);
        var expected = (gradient.to(float64) * direction).sum().item<double>();
        Assert.Equal(slope, expected, 1e-2 * Math.Abs(slope));

        double Distance(Tensor at)
        {
            using var _ = no_grad();
            var z = exactStudent.FromWords(at, Tokens);
            var taught = Factor * exactTeacher.FromWords(where(moving.unsqueeze(2), at.matmul(map), own), Tokens);
            if (divergence == Divergence.Logits) return (z - taught).pow(2).mean([1]).sum().item<double>();
            return (taught.softmax(1) * (taught.log_softmax(1) - z.log_softmax(1))).sum().item<double>();
        }
    }

    [Fact]
    public void Loss_OnMovedWords_ReachesTheStudentAloneAndGrowsWithTheSteps()
    {
        using var scope = NewDisposeScope();
        using var none = new Setting("bert-l1-h64", "bert-l2-h128", new BackwardPass { Steps = 1, StepSize = 1e-9 });
        using var three = new Setting("bert-l1-h64", "bert-l2-h128", new BackwardPass { Steps = 3, StepSize = 0.02 });
        var before = none.Augmenter.Learn(Tokens, arange(2), epoch: 0, logitFactor: 1).item<float>();
        Assert.True(three.Augmenter.Learn(Tokens, arange(2), epoch: 0, logitFactor: 1).item<float>() > before, "the samples do not disagree more than their originals");
        Assert.All(three.Teacher.parameters(), weight => Assert.Null(weight.grad));
        // The words come in as embeddings: their table is not asked.
        Assert.Null(three.Student.Words.grad);
        Assert.Contains(three.Student.parameters(), weight => weight.grad is not null);
    }

    private sealed class Setting : IDisposable
    {
        private readonly TeacherNetwork _frozen;

        public Setting(string student, string teacher, BackwardPass options)
        {
            var shape = DataShape.Text(Vocabulary, 16, Target.Class, 3);
            Student = TextFixtures.Filled(TextNetwork.Create(Transformers.Size(student)!, shape), Transformers.Size(student)!);
            Teacher = TextFixtures.Filled(TextNetwork.Create(Transformers.Size(teacher)!, shape), Transformers.Size(teacher)!);
            Student.eval();
            _frozen = new TeacherNetwork("teacher", Teacher, "");
            var masking = new TokenMasking(new WordPieceTokenizer(new Vocabulary([.. PhraseWords.Vocabulary.Take(Vocabulary)])), 0, CPU);
            Augmenter = new TextBackwardPassAugmenter(options, Student, new LiveSignal(_frozen, owned: false, [], CPU, default), masking);
        }

        public TextNetwork Student { get; }

        public TextNetwork Teacher { get; }

        public TextBackwardPassAugmenter Augmenter { get; }

        public void Dispose()
        {
            Augmenter.Dispose();
            Student.Dispose();
            _frozen.Dispose();
        }
    }
}
