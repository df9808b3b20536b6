using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Tests;
using KdService.Text.Folders;

namespace KdService.Text.Tests.Folders;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bert-l1-h64")]
    [InlineData("roberta-l2-h64")]
    [InlineData("distilbert-l1-h128")]
    public void Read_AGoodFolder_SaysWhatItIs(string architecture)
    {
        var model = Read(SmallFolder.Write(_folder.Path, architecture));
        Assert.Equal((architecture, Target.Class, 3, 512), (model.Architecture, model.Target, model.Outputs, model.LongestText));
        Assert.Equal(["negative", "neutral", "positive"], model.Labels);
        Assert.Equal(PhraseWords.Vocabulary.Count, model.Vocabulary.Entries);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"], model.Files.Select(file => file.Name));
        Assert.Equal(Transformers(architecture).Parameters(DataShape.Text(model.Vocabulary.Entries, 16, Target.Class, 3)), model.Parameters);

        File.WriteAllText(_folder.File("README.md"), "left alone");
        Assert.Equal(model.Digest, Read(_folder.Path).Digest);
        SmallFolder.Configure(_folder.Path, "_name_or_path", "elsewhere");
        Assert.NotEqual(model.Digest, Read(_folder.Path).Digest);

        static Core.Architectures.Architecture Transformers(string name) => Core.Architectures.ArchitectureCatalogue.Find(name)!;
    }

    [Fact]
    public void Read_AnEncoderAlone_HasNoHead()
    {
        var model = Read(SmallFolder.Write(_folder.Path, tensors: new()
        {
            ["classifier.weight"] = null,
            ["classifier.bias"] = null,
            ["cls.predictions.bias"] = [PhraseWords.Vocabulary.Count],
        }));
        Assert.Equal((null, 0), (model.Target, model.Outputs));
        Assert.Empty(model.Labels);
    }

    [Theory]
    [InlineData("bert-l1-h64")]
    [InlineData("roberta-l1-h64")]
    [InlineData("distilbert-l1-h64")]
    public void Read_AMaskedLanguageModel_SaysThatItIsOne(string architecture)
    {
        var model = Read(SmallFolder.Write(_folder.Path, architecture, target: Target.Word));
        Assert.Equal((true, null, 0), (model.MaskedLmHead, model.Target, model.Outputs));
        // Its last layer is not the word embeddings: another network than is served.
        SmallFolder.Configure(_folder.Path, "tie_word_embeddings", false);
        Assert.False(Read(_folder.Path).MaskedLmHead);
    }

    [Fact]
    public void Read_AHeadForWordsBesideAClassifier_SaysBoth()
    {
        var size = Core.Architectures.Transformers.Size("bert-l1-h64")!;
        var words = TransformerWeights.Of(size, PhraseWords.Vocabulary.Count, Target.Word, 0).ToDictionary(weight => weight.Key, long[]? (weight) => weight.Value);
        var model = Read(SmallFolder.Write(_folder.Path, tensors: words));
        Assert.Equal((true, Target.Class, 3), (model.MaskedLmHead, model.Target, model.Outputs));
        // A part of a head is none, and neither is one of another shape.
        foreach (var (name, shape) in new[] { ("cls.predictions.bias", null), ("cls.predictions.transform.dense.weight", new long[] { 64, 32 }) })
            Assert.False(Read(SmallFolder.Write(_folder.Path, tensors: new(words) { [name] = shape })).MaskedLmHead, name);
        Assert.False(Read(SmallFolder.Write(_folder.Path)).MaskedLmHead);
    }

    [Fact]
    public void Read_TensorsThatDoNotFit_ListsEachWithItsShape()
    {
        SmallFolder.Write(_folder.Path, words: 10, tensors: new()
        {
            ["bert.encoder.layer.0.output.dense.bias"] = null,
            ["bert.embeddings.word_embeddings.weight"] = [20, 64],
            ["bert.encoder.layer.1.output.dense.bias"] = [64],
            ["classifier.bias"] = null,
        });
        Assert.Equal(
        [
            "model.safetensors: bert.encoder.layer.0.output.dense.bias [64] is missing",
            "model.safetensors: classifier.bias [3] is missing",
            "model.safetensors: bert.encoder.layer.1.output.dense.bias [64] has no place",
            "model.safetensors: bert.embeddings.word_embeddings.weight is [20, 64]; [15, 64] is right",
        ], Problems());
    }

    [Fact]
    public void Read_WeightsThatAreNotFinite_NamesTheTensor()
    {
        SmallFolder.Write(_folder.Path, words: 10);
        // Of the tensors, which are in the order of their names, the last: an infinity.
        using (var file = File.OpenWrite(_folder.File("model.safetensors")))
        {
            file.Seek(-4, SeekOrigin.End);
            file.Write([0, 0, 0x80, 0x7F]);
        }
        Assert.Equal(["model.safetensors: classifier.weight holds NaN or an infinity; finite numbers are right"], Problems());
    }

    [Fact]
    public void Read_EverythingThatIsWrong_IsSaidAtOnce()
    {
        SmallFolder.Write(_folder.Path);
        SmallFolder.Configure(_folder.Path, "vocab_size", 7);
        SmallFolder.Configure(_folder.Path, "max_position_embeddings", 128);
        SmallFolder.Configure(_folder.Path, "hidden_act", "relu");
        File.Delete(_folder.File("vocab.txt"));
        File.WriteAllText(_folder.File("model.safetensors"), "no tensors");
        var problems = Problems();
        Assert.Contains("config.json.max_position_embeddings: 128 given; 512 is served for this size", problems);
        Assert.Contains("config.json.hidden_act: \"relu\" given; gelu is served", problems);
        Assert.Contains(problems, problem => problem.StartsWith("model.safetensors: a header of", StringComparison.Ordinal));
        Assert.Contains("vocab.txt: missing; a WordPiece tokenizer needs it", problems);
    }

    [Fact]
    public void Read_AVocabularyOfAnotherSize_IsRefused()
    {
        SmallFolder.Write(_folder.Path, words: 10);
        File.AppendAllText(_folder.File("vocab.txt"), "more\n");
        Assert.Equal(["config.json.vocab_size: 15 given; the tokenizer's files have 16 tokens"], Problems());
    }

    [Fact]
    public void Read_AVocabularyThatIsNotUtf8_NamesTheLine()
    {
        SmallFolder.Write(_folder.Path, words: 1);
        File.WriteAllBytes(_folder.File("vocab.txt"), [.. Encoding.UTF8.GetBytes("[PAD]\n[UNK]\n"), 0xff, (byte)'\n']);
        Assert.Contains("line 3: byte 0xFF", Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", "model_type", """ "\ud800" """, "config.json.model_type: half of a surrogate pair")]
    [InlineData("config.json", "id2label", """ {"0": "good", "1": "\ud800"} """, "config.json.id2label.1: half of a surrogate pair")]
    [InlineData("config.json", "id2label", """ {"0": "good", "\udc00": "bad"} """, "config.json.id2label: a name: half of a surrogate pair")]
    [InlineData("config.json", "id2label", """ {"0": "good", "1": "\u0000"} """, "config.json.id2label.1: a text with the character U+0000 given")]
    [InlineData("tokenizer_config.json", "unk_token", """ "\ud800" """, "tokenizer_config.json: unk_token: half of a surrogate pair")]
    [InlineData("special_tokens_map.json", "unk_token", """ "\ud800" """, "special_tokens_map.json: unk_token: half of a surrogate pair")]
    public void Read_AStringThatIsNoText_NamesFileAndField(string file, string field, string value, string expected)
    {
        SmallFolder.Write(_folder.Path);
        var old = File.Exists(_folder.File(file)) ? File.ReadAllText(_folder.File(file)).TrimEnd()[..^1] + "," : "{";
        File.WriteAllText(_folder.File(file), $"{old} \"{field}\": {value}}}");
        Assert.StartsWith(expected, Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("architectures", """["BertForTokenClassification"]""")]
    [InlineData("architectures", """["BertForMultipleChoice"]""")]
    [InlineData("problem_type", "\"multi_label_classification\"")]
    public void Read_AHeadForSomethingElse_LeavesItOut(string field, string value)
    {
        SmallFolder.Write(_folder.Path);
        SmallFolder.Configure(_folder.Path, field, System.Text.Json.Nodes.JsonNode.Parse(value));
        var model = Read(_folder.Path);
        Assert.Equal((null, 0), (model.Target, model.Outputs));
        Assert.Empty(model.Labels);
    }

    [Theory]
    [InlineData("architectures", "[null]", "config.json.architectures: [null] given; a list of names such as \"BertForSequenceClassification\" is right")]
    [InlineData("problem_type", "\"ranking\"", "config.json.problem_type: \"ranking\" given; single_label_classification or regression is right")]
    [InlineData("problem_type", "1", "config.json.problem_type: 1 given; single_label_classification or regression is right")]
    [InlineData("problem_type", "\"regression\"", "config.json.problem_type: regression given, and a head of 3 outputs; 1 is served")]
    [InlineData("label2id", """{"negative": 2, "neutral": 1, "positive": 2}""", "config.json.label2id: \"negative\":2 given, which id2label has not; the same names and numbers as in id2label, or leave label2id out")]
    [InlineData("id2label", """{"0": "x", "1": "neutral", "2": "x"}""", "config.json.id2label: \"x\" given for 0 and 2; each class has a name of its own")]
    [InlineData("id2label", """{"0": "", "1": "neutral", "2": "positive"}""", "config.json.id2label.0: \"\" given; a name is right")]
    public void Read_AHeadThatIsNotWhatItsFieldsSay_IsRefused(string field, string value, string expected)
    {
        SmallFolder.Write(_folder.Path);
        if (field == "id2label") SmallFolder.Configure(_folder.Path, "label2id", null);
        SmallFolder.Configure(_folder.Path, field, System.Text.Json.Nodes.JsonNode.Parse(value));
        Assert.Equal([expected], Problems());
    }

    [Fact]
    public void Read_AModelThatIsNotServed_SaysWhichAre()
    {
        SmallFolder.Write(_folder.Path);
        SmallFolder.Configure(_folder.Path, "model_type", "gpt2");
        Assert.Equal(["config.json.model_type: \"gpt2\" given; bert, roberta, distilbert are served"], Problems());
    }

    [Fact]
    public void Read_APickle_SaysHowToConvertIt()
    {
        SmallFolder.Write(_folder.Path);
        File.Move(_folder.File("model.safetensors"), _folder.File("pytorch_model.bin"));
        Assert.Contains("pytorch_model.bin is a pickle", Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'P', (byte)'K', 3, 4, 0, 0, 0, 0, 8, 0 })]
    [InlineData(new byte[] { 0x80, 2, 0x8A, 10, (byte)'l', 0xFC, 0x9C, (byte)'F', 0xF9, (byte)' ' })]
    public void Read_APickleUnderAnotherName_SaysHowToConvertIt(byte[] content)
    {
        SmallFolder.Write(_folder.Path);
        File.WriteAllBytes(_folder.File("model.safetensors"), content);
        Assert.StartsWith("model.safetensors: model.safetensors is a pickle", Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WeightsInSeveralFiles_AreWhereTheIndexSays()
    {
        SmallFolder.Write(_folder.Path, words: 10);
        var tensors = TransformerWeights.Of(Core.Architectures.Transformers.Size("bert-l1-h64")!, 15, Target.Class, 3).OrderBy(weight => weight.Key, StringComparer.Ordinal).ToList();
        File.Delete(_folder.File("model.safetensors"));
        string[] files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        for (var part = 0; part < 2; part++)
            SmallFolder.WriteZeros(_folder.File(files[part]), tensors.Where((_, at) => at % 2 == part).Select(weight => (weight.Key, "F32", weight.Value)));
        var map = tensors.Index().ToDictionary(weight => weight.Item.Key, weight => files[weight.Index % 2]);
        Map();
        Assert.Equal(Target.Class, Read(_folder.Path).Target);

        // The first three tensors, of both files.
        var (first, second, third) = (tensors[0].Key, tensors[1].Key, tensors[2].Key);
        (map[first], map["ghost"]) = (files[1], files[0]);
        map.Remove(second);
        Map();
        Assert.Equal(
        [
            $"model.safetensors: model.safetensors.index.json: {files[0]} holds {first}; weight_map has it in {files[1]}",
            $"model.safetensors: model.safetensors.index.json: {files[1]} holds {second}; weight_map leaves it out",
            $"model.safetensors: model.safetensors.index.json: weight_map has ghost in {files[0]}; no file holds it",
        ], Problems());

        map[third] = "model-00003-of-00002.safetensors";
        Map();
        Assert.Equal(["model.safetensors: model-00003-of-00002.safetensors is missing, which model.safetensors.index.json names"], Problems());

        void Map() => File.WriteAllText(_folder.File("model.safetensors.index.json"), System.Text.Json.JsonSerializer.Serialize(new { weight_map = map }));
    }

    [Theory]
    [InlineData("[]", "the header is a JSON Array; an object is right")]
    [InlineData("""{"a": 1}""", "tensor a: a JSON Number given; an object with dtype, shape and data_offsets is right")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8.5]}}""", "tensor a: 8.5 given in data_offsets; whole numbers from 0")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [99999999999], "data_offsets": [0, 8]}}""", "tensor a: 99999999999 given in shape; whole numbers from 0")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2000000000, 2000000000, 2000000000], "data_offsets": [0, 8]}}""", "[2000000000, 2000000000, 2000000000] has more bytes than a file")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2]}}""", "tensor a: data_offsets is missing")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2]""", "is wrong: it ends in the middle of an object or a list")]
    public void Read_AHeaderThatIsWrong_NamesTheTensor(string header, string expected)
    {
        SmallFolder.Write(_folder.Path);
        var json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(_folder.File("model.safetensors"), [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[8]]);
        Assert.Contains(expected, Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AVocabularyWithoutItsSpecialTokens_SaysSoInTheWordsOfTheFile()
    {
        SmallFolder.Write(_folder.Path, words: 1);
        File.WriteAllText(_folder.File("vocab.txt"), "a\nb\n");
        Assert.Contains(Problems(), problem => problem.StartsWith("vocab.txt:", StringComparison.Ordinal));
        Assert.DoesNotContain(Problems(), problem => problem.Contains("Parameter", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_AHeaderThatPromisesMoreThanThereIs_TakesNoMemoryForIt()
    {
        SmallFolder.Write(_folder.Path);
        File.WriteAllBytes(_folder.File("model.safetensors"), [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, (byte)'{']);
        Assert.Contains("a header of 4294967295 bytes is announced", Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_APointerOfGitLfs_SaysHowToGetTheFile()
    {
        SmallFolder.Write(_folder.Path);
        File.WriteAllText(_folder.File("model.safetensors"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        Assert.EndsWith("a pointer of Git LFS found, not the file itself; git lfs pull brings that", Assert.Single(Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", true)]
    [InlineData("model-00001-of-00002.safetensors", true)]
    [InlineData("../config.json", false)]
    [InlineData("../model.safetensors", false)]
    [InlineData("a/b.safetensors", false)]
    [InlineData("..", false)]
    [InlineData("model.zip", false)]
    [InlineData("pytorch_model.bin", false)]
    public void Knows_NamesOfFiles_AndNoPaths(string name, bool known) => Assert.Equal(known, FolderFiles.Knows(name));

    private static ImportedModel Read(string folder)
    {
        var problems = new ProblemList();
        var model = ModelFolder.Read(folder, problems);
        Assert.Empty(problems.Items);
        return model!;
    }

    private List<string> Problems()
    {
        var problems = new ProblemList();
        Assert.Null(ModelFolder.Read(_folder.Path, problems));
        return [.. problems.Items.Select(problem => $"{problem}")];
    }
}
