using System.Collections.Frozen;

namespace KdService.Text.Tasks;

/// <summary>
/// The published data sets by name, with the columns of their original files. Numbers of examples are those of the GLUE paper and of the
/// files themselves.
/// </summary>
public static class TextSources
{
    /// <summary>Three-way inference, in the order of the papers' loaders.</summary>
    private static readonly LabelSet Inference = new("contradiction", "neutral", "entailment");

    private static readonly LabelSet Entailment = new("entailment", "not_entailment");
    private static readonly LabelSet Sentiment = LabelSet.Numbered("negative", "positive");
    private static readonly LabelSet Acceptability = LabelSet.Numbered("unacceptable", "acceptable");
    private static readonly LabelSet Duplicate = LabelSet.Numbered("not_duplicate", "duplicate");
    private static readonly LabelSet Equivalent = LabelSet.Numbered("not_equivalent", "equivalent");
    private static readonly string[] ColaHeader = ["source", "label", "mark", "sentence"];
    private static readonly (double, double) Similarity = (0, 5);

    /// <summary>All data sets, by name, whatever its case.</summary>
    public static FrozenDictionary<string, TextSource> All { get; } =
        Glue().Concat(Subsets()).Concat(OutOfDomain()).Concat(AdvGlueTasks()).ToFrozenDictionary(source => source.Name, StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<TextSource> Glue()
    {
        var cola = new TextLayout { TextA = "sentence", Label = "label", Labels = Acceptability, Header = ColaHeader };
        yield return Task("CoLA", Acceptability,
            ("train.tsv", cola, 8551), ("dev.tsv", cola, 1043), ("test.tsv", new() { TextA = "sentence", Id = "index", Labels = Acceptability }, null));

        var sst = new TextLayout { TextA = "sentence", Label = "label", Labels = Sentiment };
        yield return Task("SST-2", Sentiment, ("train.tsv", sst, 67_349), ("dev.tsv", sst, 872), ("test.tsv", sst with { Label = null, Id = "index" }, 1821));

        // GLUE's files, or those of the corpus itself, whose training part is GLUE's train and dev.
        var mrpc = new TextLayout { TextA = "#1 String", TextB = "#2 String", Label = "Quality", Labels = Equivalent };
        var paraphrases = Task("MRPC", Equivalent, ("train.tsv", mrpc, 3668), ("dev.tsv", mrpc, 408), ("test.tsv", mrpc with { Label = null, Id = "index" }, 1725));
        yield return paraphrases with
        {
            Parts = new Dictionary<TextSplit, IReadOnlyList<TextPart>>(paraphrases.Parts)
            {
                [TextSplit.Train] = [.. paraphrases.Parts[TextSplit.Train], Table("glue/MRPC/msr_paraphrase_train.txt", mrpc, 4076)],
                [TextSplit.Test] = [.. paraphrases.Parts[TextSplit.Test], Table("glue/MRPC/msr_paraphrase_test.txt", mrpc, 1725)],
            },
        };

        var sts = new TextLayout { TextA = "sentence1", TextB = "sentence2", Label = "score", Id = "index", Scores = Similarity };
        yield return Task("STS-B", null, ("train.tsv", sts, 5749), ("dev.tsv", sts, 1500), ("test.tsv", sts with { Label = null }, 1379));

        var qqp = new TextLayout { TextA = "question1", TextB = "question2", Label = "is_duplicate", Id = "id", Labels = Duplicate, SkipsShortLines = true };
        yield return Task("QQP", Duplicate, ("train.tsv", qqp, 363_846), ("dev.tsv", qqp, 40_430), ("test.tsv", qqp with { Label = null }, 390_965));

        var mnli = new TextLayout { TextA = "sentence1", TextB = "sentence2", Label = "gold_label", Id = "index", Labels = Inference };
        foreach (var (name, part, dev, test) in new[] { ("MNLI", "matched", 9815, 9796), ("MNLI-mm", "mismatched", 9832, 9847) })
        {
            yield return Task(name, Inference, "MNLI",
                ("train.tsv", mnli, 392_702), ($"dev_{part}.tsv", mnli, dev), ($"test_{part}.tsv", mnli with { Label = null }, test));
        }

        var qnli = new TextLayout { TextA = "question", TextB = "sentence", Label = "label", Id = "index", Labels = Entailment };
        yield return Task("QNLI", Entailment, ("train.tsv", qnli, 104_743), ("dev.tsv", qnli, 5463), ("test.tsv", qnli with { Label = null }, 5463));

        var rte = new TextLayout { TextA = "sentence1", TextB = "sentence2", Label = "label", Id = "index", Labels = Entailment };
        yield return Task("RTE", Entailment, ("train.tsv", rte, 2490), ("dev.tsv", rte, 277), ("test.tsv", rte with { Label = null }, 3000));

        var coreference = LabelSet.Numbered("not_entailment", "entailment");
        var wnli = rte with { Labels = coreference };
        yield return Task("WNLI", coreference, ("train.tsv", wnli, 635), ("dev.tsv", wnli, 71), ("test.tsv", wnli with { Label = null }, 146));

        // The diagnostic set: with labels in the file for analysis, without in the one for submissions.
        var diagnostic = new TextLayout { TextA = "sentence1", TextB = "sentence2", Id = "index", Labels = Inference };
        yield return new TextSource
        {
            Name = "AX",
            Labels = Inference,
            Parts = Parts((TextSplit.Dev, Table("glue/diagnostic/diagnostic-full.tsv", new() { TextA = "Premise", TextB = "Hypothesis", Label = "Label", Labels = Inference }, 1104)),
                (TextSplit.Test, Table("glue/diagnostic/diagnostic.tsv", diagnostic, 1104))),
        };
    }

    /// <summary>Ten thousand labelled pairs of each task; not the official parts.</summary>
    private static IEnumerable<TextSource> Subsets()
    {
        foreach (var (name, labels) in new[] { ("MNLI", Inference), ("QQP", Duplicate), ("QNLI", Entailment) })
        {
            var layout = new TextLayout { TextA = "text_a", TextB = "text_b", Label = "label", Labels = labels };
            yield return new TextSource
            {
                Name = $"{name}-10k",
                Labels = labels,
                Parts = Parts((TextSplit.Train, Table($"glue_subset10k/{name}/train.tsv", layout, 8999)), (TextSplit.Dev, Table($"glue_subset10k/{name}/dev.tsv", layout, 1000))),
            };
        }
    }

    private static IEnumerable<TextSource> OutOfDomain()
    {
        var snli = new TextLayout { TextA = "sentence1", TextB = "sentence2", Label = "gold_label", Id = "pairID", Labels = Inference, SkippedLabel = "-" };
        yield return new TextSource
        {
            Name = "SNLI",
            Labels = Inference,
            Parts = Enum.GetValues<TextSplit>().ToDictionary(split => split, split => (IReadOnlyList<TextPart>)
            [
                Table($"snli_1.0/snli_1.0_{Name(split)}.jsonl", snli, format: TableFormat.JsonLines), Table($"snli_1.0/snli_1.0_{Name(split)}.txt", snli), Table($"glue/SNLI/{Name(split)}.tsv", snli),
            ]),
        };

        var reviews = new TextLayout { TextA = "review", Label = "sentiment", Labels = Imdb.Labels };
        yield return new TextSource
        {
            Name = "IMDb",
            Labels = Imdb.Labels,
            Parts = new[] { TextSplit.Train, TextSplit.Test }.ToDictionary(split => split, split => (IReadOnlyList<TextPart>)
            [
                new TextPart($"aclImdb/{Name(split)}", Imdb.Read), Table($"imdb/{Name(split)}.csv", reviews, format: TableFormat.Csv),
            ]),
        };

        var heuristics = new LabelSet("entailment", "non-entailment");
        yield return Single("HANS", heuristics, "ood/hans/heuristics_evaluation_set.txt", new() { TextA = "sentence1", TextB = "sentence2", Label = "gold_label", Id = "pairID", Labels = heuristics });

        var science = new LabelSet(["neutral", "entailment"], ["neutral", "entails"]);
        var scitail = new TextLayout { TextA = "premise", TextB = "hypothesis", Label = "label", Labels = science, Header = ["premise", "hypothesis", "label"] };
        yield return new TextSource
        {
            Name = "SciTail",
            Labels = science,
            Parts = Parts([.. Enum.GetValues<TextSplit>().Select(split => (split, Table($"ood/scitail/scitail_1.0_{Name(split)}.tsv", scitail)))]),
        };

        var paws = new TextLayout { TextA = "sentence1", TextB = "sentence2", Label = "label", Id = "id", Labels = Duplicate, WrappedTexts = true };
        yield return Single("PAWS-QQP", Duplicate, "ood/paws_qqp/dev_and_test.tsv", paws, 677);
        yield return new TextSource
        {
            Name = "PAWS-Wiki",
            Labels = Duplicate,
            Parts = Parts([.. Enum.GetValues<TextSplit>().Select(split => (split, Table($"ood/paws_wiki/{Name(split)}.tsv", paws)))]),
        };

        foreach (var domain in new[] { "books", "dvd", "electronics", "kitchen" })
        {
            yield return Single($"Amazon-{domain}", Sentiment, $"ood/amazon/{domain}.test-labeled.tsv", new() { TextA = "sentence", Label = "label", Labels = Sentiment }, 2000);
        }

        var customers = new TextLayout { TextA = "sentence", Label = "label", Labels = Sentiment, Header = ["label", "sentence"] };
        yield return new TextSource
        {
            Name = "CR",
            Labels = Sentiment,
            Parts = Parts((TextSplit.Train, Table("ood/CR/train.tsv", customers, 3016)), (TextSplit.Dev, Table("ood/CR/dev.tsv", customers, 755))),
        };

        yield return Single("CoLA-OOD", Acceptability, "ood/cola_ood/dev.tsv", new() { TextA = "sentence", Label = "label", Labels = Acceptability, Header = ColaHeader }, 516);
    }

    private static TextSource[] AdvGlueTasks()
    {
        string[] inference = ["entailment", "neutral", "contradiction"];
        return
        [
            Of("sst2", "SST-2", "sentence", null, Sentiment, Sentiment.Names, 148),
            Of("qqp", "QQP", "question1", "question2", Duplicate, Duplicate.Names, 78),
            Of("mnli", "MNLI", "premise", "hypothesis", Inference, inference, 121),
            Of("mnli-mm", "MNLI-mm", "premise", "hypothesis", Inference, inference, 162),
            Of("qnli", "QNLI", "question", "sentence", Entailment, Entailment.Names, 148),
            Of("rte", "RTE", "sentence1", "sentence2", Entailment, Entailment.Names, 81),
        ];

        static TextSource Of(string task, string name, string a, string? b, LabelSet labels, IReadOnlyList<string> order, int rows) => new()
        {
            Name = $"AdvGLUE-{name}",
            Labels = labels,
            Parts = Parts((TextSplit.Dev, new TextPart("ood/advglue/dev.json", path => AdvGlue.Read(path, task, a, b, labels, order), rows))),
        };
    }

    private static TextSource Task(string name, LabelSet? labels, params (string File, TextLayout Layout, int? Rows)[] parts) => Task(name, labels, name, parts);

    private static TextSource Task(string name, LabelSet? labels, string folder, params (string File, TextLayout Layout, int? Rows)[] parts) => new()
    {
        Name = name,
        Labels = labels,
        Parts = Parts([.. parts.Zip(Enum.GetValues<TextSplit>(), (part, split) => (split, Table($"glue/{folder}/{part.File}", part.Layout, part.Rows)))]),
    };

    private static TextSource Single(string name, LabelSet labels, string path, TextLayout layout, int? rows = null) => new()
    {
        Name = name,
        Labels = labels,
        Parts = Parts((TextSplit.Dev, Table(path, layout, rows))),
    };

    private static TextPart Table(string path, TextLayout layout, int? rows = null, TableFormat format = TableFormat.Tsv) => new(path, full => TextTables.Examples(full, format, layout), rows);

    private static Dictionary<TextSplit, IReadOnlyList<TextPart>> Parts(params (TextSplit Split, TextPart Part)[] parts) => parts.ToDictionary(part => part.Split, part => (IReadOnlyList<TextPart>)[part.Part]);

    private static string Name(TextSplit split) => split.ToString().ToLowerInvariant();
}
