using KdService.Text.Tasks;

namespace KdService.Text.Tests.Tasks;

/// <summary>Small files in the official formats, and the real ones where they are.</summary>
public class TextSourcesTests
{
    private const string MnliHeader = "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2";

    /// <summary>A file in its original form, and its first example.</summary>
    public static TheoryData<string, TextSplit, string, string, TextExample> Files => new()
    {
        { "CoLA", TextSplit.Train, "glue/CoLA/train.tsv", "gj04\t0\t*\tThey \"drank the pub.\nbc01\t1\t\tFine.\n", new("0", "They \"drank the pub.", null, 0) },
        { "CoLA", TextSplit.Test, "glue/CoLA/test.tsv", "index\tsentence\n7\tBill whistled.\n", new("7", "Bill whistled.") },
        { "SST-2", TextSplit.Dev, "glue/SST-2/dev.tsv", "sentence\tlabel\na gem \t1\n", new("0", "a gem ", null, 1) },
        { "MRPC", TextSplit.Dev, "glue/MRPC/dev.tsv", "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n1\t10\t20\tHe said \"no.\tHe said no.\r\n", new("0", "He said \"no.", "He said no.", 1) },
        { "MRPC", TextSplit.Test, "glue/MRPC/test.tsv", "\uFEFFindex\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\ta\tb\n", new("0", "a", "b") },
        { "MRPC", TextSplit.Test, "glue/MRPC/msr_paraphrase_test.txt", "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\ta\tb\n", new("0", "a", "b", 0) },
        { "STS-B", TextSplit.Dev, "glue/STS-B/dev.tsv", "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n3\tg\tf\ty\t1\ts\ts\ta\tb\t4.750\n", new("3", "a", "b", null, 4.75) },
        { "QQP", TextSplit.Train, "glue/QQP/train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\ncut\tshort\n5\t1\t2\twhy?\tfor what?\t1\n", new("5", "why?", "for what?", 1) },
        { "QQP", TextSplit.Test, "glue/QQP/test.tsv", "id\tquestion1\tquestion2\n0\twhy?\thow?\n", new("0", "why?", "how?") },
        { "MNLI", TextSplit.Train, "glue/MNLI/train.tsv", MnliHeader + "\tlabel1\tgold_label\n0\t1\t1e\tfiction\t(\t(\t(\t(\ta\tb\tneutral\tentailment\n", new("0", "a", "b", 2) },
        { "MNLI", TextSplit.Dev, "glue/MNLI/dev_matched.tsv", MnliHeader + "\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label\n0\t1\t1e\tf\t(\t(\t(\t(\ta\tb\tx\tx\tx\tx\tx\tcontradiction\n", new("0", "a", "b", 0) },
        { "MNLI-mm", TextSplit.Test, "glue/MNLI/test_mismatched.tsv", MnliHeader + "\n9\t1\t1e\tf\t(\t(\t(\t(\ta\tb\n", new("9", "a", "b") },
        { "QNLI", TextSplit.Dev, "glue/QNLI/dev.tsv", "index\tquestion\tsentence\tlabel\n0\twho?\tme\tnot_entailment\n", new("0", "who?", "me", 1) },
        { "RTE", TextSplit.Train, "glue/RTE/train.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n", new("0", "a", "b", 0) },
        { "WNLI", TextSplit.Dev, "glue/WNLI/dev.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\t1\n", new("0", "a", "b", 1) },
        { "AX", TextSplit.Test, "glue/diagnostic/diagnostic.tsv", "index\tsentence1\tsentence2\n0\ta\tb\n", new("0", "a", "b") },
        { "AX", TextSplit.Dev, "glue/diagnostic/diagnostic-full.tsv", "Lexical Semantics\tPredicate-Argument Structure\tLogic\tKnowledge\tDomain\tPremise\tHypothesis\tLabel\n\t\tNegation\t\tNews\ta\tb\tneutral\n", new("0", "a", "b", 1) },
        { "MNLI-10k", TextSplit.Dev, "glue_subset10k/MNLI/dev.tsv", "text_a\ttext_b\tlabel\na\tb\tentailment\n", new("0", "a", "b", 2) },
        { "SNLI", TextSplit.Dev, "snli_1.0/snli_1.0_dev.jsonl", """
            {"annotator_labels": ["neutral"], "captionID": "1#0", "gold_label": "-", "pairID": "1#0r", "sentence1": "a", "sentence2": "c"}
            {"annotator_labels": ["neutral"], "captionID": "1#1", "gold_label": "neutral", "pairID": "1#1r", "sentence1": "a \"b\"", "sentence2": "b"}
            """, new("1#1r", "a \"b\"", "b", 1) },
        { "SNLI", TextSplit.Test, "snli_1.0/snli_1.0_test.txt", "gold_label\tsentence1\tsentence2\tcaptionID\tpairID\n-\ta\tb\t1\t2\ncontradiction\ta\tc\t1\t3\n", new("3", "a", "c", 0) },
        { "IMDb", TextSplit.Test, "imdb/test.csv", "review,sentiment\n\"Good, \"\"very\"\"\ngood<br />\",positive\n", new("0", "Good, \"very\"\ngood<br />", null, 1) },
        { "HANS", TextSplit.Dev, "ood/hans/heuristics_evaluation_set.txt", "gold_label\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tpairID\theuristic\tsubcase\ttemplate\nnon-entailment\t(\t(\t(\t(\ta\tb\tex0\tlexical_overlap\tln\ttemp1\n", new("ex0", "a", "b", 1) },
        { "SciTail", TextSplit.Test, "ood/scitail/scitail_1.0_test.tsv", "a \"b\tc\tentails\n", new("0", "a \"b", "c", 1) },
        { "PAWS-QQP", TextSplit.Dev, "ood/paws_qqp/dev_and_test.tsv", "id\tsentence1\tsentence2\tlabel\n1\tb'2\\xcf\\x80 \\\\ \\'x\\''\tb\"it's\"\t0\n", new("1", "2π \\ 'x'", "it's", 0) },
        { "PAWS-Wiki", TextSplit.Train, "ood/paws_wiki/train.tsv", "id\tsentence1\tsentence2\tlabel\n1\tbut plain\tb\t1\n", new("1", "but plain", "b", 1) },
        { "Amazon-books", TextSplit.Dev, "ood/amazon/books.test-labeled.tsv", "sentence\tlabel\nBad \"book\t0\n", new("0", "Bad \"book", null, 0) },
        { "CR", TextSplit.Train, "ood/CR/train.tsv", "1\ti like it\n", new("0", "i like it", null, 1) },
        { "CoLA-OOD", TextSplit.Dev, "ood/cola_ood/dev.tsv", "clc95\t1\t\tSomebody left.\n", new("0", "Somebody left.", null, 1) },
        { "AdvGLUE-MNLI", TextSplit.Dev, "ood/advglue/dev.json", """{"mnli": [{"idx": 4, "premise": "a", "hypothesis": "b", "label": 0}]}""", new("4", "a", "b", 2) },
        { "AdvGLUE-RTE", TextSplit.Dev, "ood/advglue/dev.json", """{"rte": [{"idx": 4, "sentence1": "a", "sentence2": "b", "label": 1}]}""", new("4", "a", "b", 1) },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_AFileInItsOriginalForm_HasItsFirstExample(string name, TextSplit split, string path, string content, TextExample expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write(path, content);
        var source = TextSources.All[name];
        Assert.Equal(expected, source.Examples(folder.Path, split).First(example => example is not null));
    }

    [Fact]
    public void Read_LinesThatTheOriginalsHaveCutShortOrWithoutLabels_AreLeftOutAndCounted()
    {
        using var folder = new TemporaryFolder();
        folder.Write("glue/QQP/train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\ncut\tshort\n5\t1\t2\twhy?\tfor what?\t1\n\"\t\n");
        Assert.Equal((1, 2), Counts("QQP", TextSplit.Train));
        folder.Write("glue/SNLI/dev.tsv", "gold_label\tsentence1\tsentence2\tpairID\n-\ta\tb\t1\nneutral\ta\tb\t2\n");
        Assert.Equal((1, 1), Counts("SNLI", TextSplit.Dev));
        folder.Write("glue/SNLI/dev.tsv", "gold_label\tsentence1\tsentence2\tpairID\n-\ta\tb\t1\n");
        Assert.Contains("there are no rows but the 1 left out", Assert.Throws<TextDataException>(() => TextSources.All["SNLI"].Read(folder.Path, TextSplit.Dev)).Message, StringComparison.Ordinal);

        (int, int) Counts(string name, TextSplit split)
        {
            var rows = TextSources.All[name].Examples(folder.Path, split).ToList();
            return (rows.Count(row => row is not null), rows.Count(row => row is null));
        }
    }

    [Fact]
    public void Read_TheFoldersOfImdb_AreInTheOrderOfTheirNumbers()
    {
        using var folder = new TemporaryFolder();
        foreach (var (path, text) in new[] { ("pos/10_9.txt", "d"), ("pos/2_8.txt", "c"), ("neg/0_1.txt", "a"), ("neg/1_2.txt", "b"), ("unsup/0_0.txt", "x") }) folder.Write($"aclImdb/train/{path}", text);
        var set = TextSources.All["imdb"].Read(folder.Path, TextSplit.Train);
        Assert.Equal([("neg/0_1", "a", 0), ("neg/1_2", "b", 0), ("pos/2_8", "c", 1), ("pos/10_9", "d", 1)], set.Examples.Select(example => (example.Id, example.TextA, example.Label!.Value)));
    }

    [Fact]
    public void Read_TooFewExamples_SaysHowManyAreRight()
    {
        using var folder = new TemporaryFolder();
        folder.Write("glue/RTE/dev.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n");
        Assert.Contains("1 examples given; RTE has 277 here", Assert.Throws<TextDataException>(() => TextSources.All["RTE"].Read(folder.Path, TextSplit.Dev)).Message, StringComparison.Ordinal);
        Assert.Contains("RTE, Train: glue/RTE/train.tsv is missing", Assert.Throws<TextDataException>(() => TextSources.All["RTE"].Read(folder.Path, TextSplit.Train)).Message, StringComparison.Ordinal);
        Assert.Contains("HANS has no Train part; it has Dev", Assert.Throws<TextDataException>(() => TextSources.All["HANS"].Read(folder.Path, TextSplit.Train)).Message, StringComparison.Ordinal);
        Assert.False(TextSources.All["RTE"].Has(folder.Path, TextSplit.Train));
    }

    [TextDataFact]
    public void Read_EveryRealFile_HasThePublishedNumberOfExamples()
    {
        // What the shared data lacks of the original sets.
        string[] absent = ["MRPC", "QQP", "MNLI", "MNLI-mm", "AX", "SNLI", "IMDb", "HANS", "SciTail", "PAWS-Wiki"];
        foreach (var source in TextSources.All.Values)
        {
            foreach (var split in source.Parts.Keys.Where(split => source.Has(TextDataFactAttribute.Root!, split)))
            {
                var set = source.Read(TextDataFactAttribute.Root!, split);
                Assert.Equal(source.Name is not ("CoLA" or "SST-2" or "STS-B" or "QNLI" or "RTE" or "WNLI") || split != TextSplit.Test, set.Examples.All(example => example.Label is not null || example.Score is not null));
                Assert.Equal(0, set.Skipped);
            }
            Assert.True(source.Parts.Keys.Any(split => source.Has(TextDataFactAttribute.Root!, split)) || absent.Contains(source.Name), source.Name);
        }
    }
}
