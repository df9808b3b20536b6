using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Runs;
using KdService.Core.Specs;
using KdService.Distillation.Data;
using KdService.Distillation.Evaluation;
using KdService.Distillation.Evaluation.Robustness;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Tests.Training;
using KdService.Text.Tasks;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Evaluation.Robustness;

public sealed class TextRobustnessTests
{
    private static readonly Phrases Dataset = new();
    private static readonly Tokenizer Tokenizer = Tokenizers.Of(Dataset, "");

    // Whole words beside pieces, numbers, stop words, apostrophes, special tokens and unknown letters.
    private static readonly TextExample[] Texts =
    [
        .. PhraseTexts.Draw(new Phrases { TestSamples = 100 }, test: true).Take(12),
        new("", "Ruro, the babila's rene! not kefila 12 [MASK] zzz é [SEP] fapa"), new("", "nura kade", "fapa buso vek ruro"), new("", "!"),
    ];

    [Fact]
    public void Gain_OfAFlip_IsTheDerivativeOfTheLossTowardsIt()
    {
        using var scope = NewDisposeScope();
        using var network = Network(seed: 1);
        var victim = Victim(network);
        using var flipper = new WordFlipper(new HotFlip(), victim);
        var text = victim.Read(Texts[0]);
        var places = flipper.Places(text).Select(place => place.Token).ToArray();
        var encoded = TokenSet.Segmented(text.Encoded);
        using var tokens = new TokenSet([encoded], [0], Dataset.Shape).Load([0]);
        var words = network.Words.detach()[tokens.select(1, 0)];
        var at = tensor(places.Select(place => (long)place).ToArray());
        var gains = flipper.Gains(victim.Gradient([encoded], label: 2)[0][at], words[0][at]);
        Assert.Equal([places.Length, flipper.Candidates.Count], gains.shape);

        const double Step = 0.02;
        foreach (var (row, column) in new[] { (0, 0), (1, 17), (places.Length - 1, 100) })
        {
            var direction = zeros_like(words);
            direction[0, places[row]] = network.Words.detach()[flipper.Candidates[column]] - words[0, places[row]];
            var derivative = (Loss(words + Step * direction) - Loss(words - Step * direction)) / (2 * Step);
            Assert.Equal(derivative, gains[row, column].item<float>(), 1e-4 + 2e-3 * Math.Abs(derivative));
        }

        double Loss(Tensor at) => nn.functional.cross_entropy(network.FromWords(at, tokens), tensor(new[] { 2L })).item<float>();
    }

    public static TheoryData<TextAttack> Attacks { get; } = new(
        new HotFlip(), new HotFlip { Beam = 3, MaxChange = 0.5, Candidates = 7 }, new HotFlip { MinSimilarity = 0, KeepStopWords = false, MaxChange = 1 },
        new CharacterAttack(), new CharacterAttack { MaxChange = 1, KeepStopWords = false }, new CharacterAttack { Edits = [Misspelling.Swap] });

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Attack_ChangesFewWords_TouchesNothingElse_AndIsTheSameEachTime(TextAttack attack)
    {
        using var scope = NewDisposeScope();
        using var network = Network(seed: 2);
        var (fooled, tried) = (0, 0);
        foreach (var example in Texts)
        {
            var victim = Victim(network);
            var text = victim.Read(example);
            var clean = victim.Ask([TokenSet.Segmented(text.Encoded)], 0)[0];
            var label = clean.Top;
            var outcome = Attack(attack, victim, text, label);
            tried++;
            if (outcome.Fooled) fooled++;
            Assert.True(outcome.Written.Count <= attack.Most(text.Words.Count), $"{outcome.Written.Count} of {text.Words.Count} words");
            var changed = text.With(outcome.Written);
            var answer = victim.Ask([TokenSet.Segmented(victim.Encode(changed))], label)[0];
            Assert.Equal((outcome.Top, outcome.Fooled), (answer.Top, answer.Top != label));
            foreach (var (word, written) in outcome.Written)
            {
                Assert.NotEqual(text.Word(word), written);
                Assert.True(Words.IsPlain(text.Word(word)));
                if (attack.KeepStopWords) Assert.False(StopWords.Contains(text.Word(word)) || StopWords.Contains(written));
                if (attack is CharacterAttack) Assert.InRange(Distance(text.Word(word), written), 1, 2); // Two letters that change places are two.
            }
            if (attack is HotFlip)
            {
                // The text says what the tokens say: nothing but the tokens of the words has changed.
                var (before, after) = (text.Encoded.Ids, victim.Encode(changed).Ids);
                Assert.Equal(before.Length, after.Length);
                var flipped = Enumerable.Range(0, before.Length).Where(token => before[token] != after[token]).ToArray();
                Assert.Equal(outcome.Written.Count, flipped.Length);
                Assert.All(flipped, token => Assert.False(text.Encoded.IsSpecial(token) || Tokenizer.SpecialIds.Contains(before[token]) || Tokenizer.SpecialIds.Contains(after[token])));
            }
            var again = Attack(attack, Victim(network), text, label);
            Assert.Equal(changed, text.With(again.Written));
            Assert.Equal(outcome.Queries, again.Queries);
        }
        Assert.True(fooled > 0, $"none of {tried} texts fooled the network");
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Attack_OnAConstantNetwork_HasNumbersAndAWarning(TextAttack attack)
    {
        using var scope = NewDisposeScope();
        using var network = Network(seed: 3);
        using (no_grad())
        {
            var classifier = network.named_parameters().Where(weight => weight.name.StartsWith("classifier", StringComparison.Ordinal)).ToList();
            foreach (var (_, weight) in classifier) weight.zero_();
        }
        var tally = new AttackTally();
        var victim = Victim(network);
        foreach (var example in Texts)
        {
            var outcome = Attack(attack, victim, victim.Read(example), label: 0);
            Assert.False(outcome.Fooled);
            tally.Add(0, withstood: true, outcome.Queries, 0, 0, outcome.HasGradient);
        }
        var report = tally.Report(attack);
        Assert.Equal((1.0, 1.0, 0.0), (report.Clean, report.Accuracy, report.SuccessRate));
        Assert.Contains("says class 0 of each of the 15 samples", report.Warnings[0], StringComparison.Ordinal);
        Assert.Equal(attack is HotFlip, report.Warnings.Any(warning => warning.Contains("gradient was zero or not finite for 15 of 15", StringComparison.Ordinal)));
    }

    [Fact]
    public void Attack_StopsWithinAText()
    {
        using var scope = NewDisposeScope();
        using var network = Network(seed: 2);
        foreach (var attack in new TextAttack[] { new HotFlip { MaxChange = 1 }, new CharacterAttack { MaxChange = 1 } })
        {
            var passes = 0;
            var victim = Victim(network, () => { if (++passes > 2) throw new OperationCanceledException(); });
            var text = victim.Read(Texts[0]);
            var label = victim.Ask([TokenSet.Segmented(text.Encoded)], 0)[0].Top;
            passes = 1;
            Assert.Throws<OperationCanceledException>(() => Attack(attack, victim, text, label));
        }
    }

    [Fact]
    public void Words_AreWhatIsReadOfATextWithinItsLength()
    {
        using var network = Network(seed: 1);
        var victim = new TextVictim(network, Dataset with { MaxLength = 6 }, Tokenizer, CPU, () => { });
        var text = victim.Read(new TextExample("", "ruro rene's 12 fapa!", "nura kade buso"));
        // [CLS] and two [SEP] leave three tokens.
        Assert.Equal(["ruro", "rene's", "nura"], text.Words.Select((_, index) => text.Word(index)));
        Assert.Equal(["x rene's 12 fapa!", "yy kade buso"], text.With(new Dictionary<int, string> { [2] = "yy", [0] = "x" }));
    }

    [Fact]
    public void MergedClasses_AreJudgedByTheTopOfTheNetworksOwn()
    {
        using var scope = NewDisposeScope();
        // Neutral and contradiction together are likelier than entailment in the second row; the network still says entailment.
        using var logits = tensor(new[] { 0f, 1, 3, 1, 1, 1.2f, 2, 0, 0 }).view(3, 3);
        var merged = new MergedClasses([0, 1], [1, 1, 0], 2);
        var result = Evaluator.Evaluate(logits, [0, 1, 1], logits, calibrationBins: 15, merged: merged);
        Assert.Equal((2.0 / 3, 1.0, 0.0), (result.Accuracy!.Value, result.Agreement!.Value, result.TeacherKl!.Value));
        var p = logits.to(float64).softmax(1);
        var expected = -(Math.Log(p[0, 2].item<double>()) + Math.Log((p[1, 0] + p[1, 1]).item<double>()) + Math.Log((p[2, 0] + p[2, 1]).item<double>())) / 3;
        Assert.Equal(expected, result.Nll!.Value, 6);
        var none = Evaluator.Evaluate(logits, [0, 0, 0], null, 15, merged: new MergedClasses([0], [1, 1, 0], 1));
        Assert.Equal(2.0 / 3, none.Accuracy!.Value);
    }

    [Fact]
    public void PublishedTexts_AreWhatTheirReadersRead()
    {
        PublishedTexts[] sets =
        [
            new Hans(), new SciTail(), new CustomerReviews(), new ColaOod(), new Imdb(), new Snli(), .. Enum.GetValues<PawsPart>().Select(part => new Paws { Part = part }),
            .. Enum.GetValues<AmazonDomain>().Select(domain => new AmazonReviews { Domain = domain }), .. Enum.GetValues<AdvGlueTask>().Select(task => new AdvGlue { Task = task }),
            .. Enum.GetValues<GlueTask>().Select(task => new Glue { Task = task }),
        ];
        foreach (var set in sets)
        {
            var source = TextSources.All[set.Source];
            Assert.Equal(source.Labels?.Names ?? [], set.LabelNames);
            var test = set is not Glue && source.Parts.TryGetValue(TextSplit.Test, out var parts) ? parts : source.Parts[TextSplit.Dev];
            Assert.Equal(test.Select(part => part.Path).Order(), set.TestFile!.Otherwise.Append(set.TestFile.Path).Order());
            Assert.All(test, part => Assert.Equal(part.Rows ?? set.TestSize, set.TestSize));
            Assert.Equal(set.TrainSize > 0, set.TrainFile is not null);
            // The file of CoLA's test part is not the same everywhere: the others have their published length.
            if (set is Glue glue) Assert.All(glue.Submission, part => Assert.Equal(part.Examples, TextSources.All[part.Source].Parts[TextSplit.Test][0].Rows ?? 1063));
            if (set.TrainFile is { } train) Assert.All(train.Otherwise.Append(train.Path), path => Assert.Contains(source.Parts[TextSplit.Train], part => part.Path == path && (part.Rows ?? set.TrainSize) == set.TrainSize));
        }
    }

    [Fact]
    public void ARun_ReportsAttacksOnTexts_AndOtherData()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(Path.Combine(folder.Path, "other.tsv"), ["text\tlabel", .. PhraseWords.Praising.Take(20).Select(word => $"{word}\tgood"), .. PhraseWords.Blaming.Take(20).Select(word => $"{word}\tbad")]);
        var plan = RecordedRun.Plan(new Kd(), epochs: 3, new AdamW { LearningRate = 1e-3 }, spec => spec with
        {
            Dataset = new Phrases { Samples = 300, TestSamples = 100, Words = 6 },
            Teacher = new TeacherSpec { Model = "bert-l1-h64" },
            Student = new StudentSpec { Model = "bert-l1-h64" },
            Evaluation = spec.Evaluation with
            {
                Attacks = [new HotFlip { Samples = 12 }, new CharacterAttack { Samples = 12 }],
                AlsoOn =
                [
                    new OtherData
                    {
                        Dataset = new TextFiles { Test = "other.tsv", TestRows = 40, Labels = ["bad", "good"] },
                        Labels = new() { ["bad"] = "negative|neutral", ["good"] = "positive" },
                        Samples = 20,
                    },
                ],
            },
        });
        List<TrainerEvent> events = [];
        Assert.True(RecordedRun.Of(plan, folder.Path, events.Add));
        var robustness = events.OfType<RunFinished>().Single().Report.Models[^1].Robustness!;
        Assert.Equal(["hotflip 20%", "character 20%"], robustness.Attacks.Select(attack => attack.Label));
        Assert.All(robustness.Attacks, attack =>
        {
            Assert.Equal(12, attack.Samples);
            Assert.InRange(attack.Accuracy, 0, attack.Clean);
            Assert.Equal(Math.Min(10, (int)Math.Round(attack.SuccessRate * attack.Attacked)), attack.Examples.Count);
        });
        var other = Assert.Single(robustness.AlsoOn);
        Assert.Equal(("text_files other.tsv", 20, 20), (other.Dataset, other.Result.Samples, other.Teacher!.Samples));
        Assert.NotNull(other.Result.Agreement);
    }

    private static TextOutcome Attack(TextAttack attack, TextVictim victim, ReadText text, int label)
    {
        if (attack is not HotFlip flips) return new Misspeller((CharacterAttack)attack, victim).Attack(text, label, victim.Ask([TokenSet.Segmented(text.Encoded)], label)[0].Loss, seed: 5);
        using var flipper = new WordFlipper(flips, victim);
        return flipper.Attack(text, label);
    }

    private static TextVictim Victim(TextNetwork network, Action? goOn = null) => new(network, Dataset, Tokenizer, CPU, goOn ?? (() => { }));

    // Weights larger than those of training's start, and no class that is preferred whatever the text, so that words matter.
    private static TextNetwork Network(long seed)
    {
        var network = (TextNetwork)Networks.Build("bert-l1-h64", Dataset.Shape, seed);
        using var unrecorded = no_grad();
        foreach (var (name, weight) in network.named_parameters())
            if (weight.dim() == 2) weight.mul_(name.Contains("position", StringComparison.Ordinal) ? 0 : 6);
        network.eval();
        using var scope = NewDisposeScope();
        var victim = Victim(network);
        var texts = new TokenSet([.. Texts.Select(text => TokenSet.Segmented(victim.Read(text).Encoded))], new int[Texts.Length], Dataset.Shape);
        network.named_parameters().Single(weight => weight.name == "classifier.bias").parameter.sub_(network.call(texts.Load([.. Enumerable.Range(0, Texts.Length)])).mean([0]));
        return network;
    }

    // Levenshtein's.
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++) (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (one[i - 1] == other[j - 1] ? 0 : 1)));
        }
        return row[^1];
    }
}
