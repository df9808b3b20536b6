using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Tests.Models.Text;
using KdService.Distillation.Weights;
using KdService.Tests;
using KdService.Text.Folders;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Weights;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PythonTorchTheory]
    [InlineData("bert-l2-h64")]
    [InlineData("roberta-l1-h128")]
    [InlineData("distilbert-l2-h64")]
    public void Write_ReadByPyTorch_GivesTheSameLogits(string name)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = Written(name, 3);
        network.eval();
        var tokens = TextFixtures.All[0].Tokens;
        var rows = Enumerable.Range(0, 2).Select(text => Enumerable.Range(0, 2).Select(row => tokens[text, row].data<long>().ToArray()));

        using var printed = JsonDocument.Parse(PythonTorch.Run("text_logits.py", _folder.Path, JsonSerializer.Serialize(rows)));
        Fixtures.AssertClose(Fixtures.Matrix(printed.RootElement), network.call(tokens));
    }

    public static TheoryData<string, string> MaskedLanguageModels
    {
        get
        {
            var models = new TheoryData<string, string>();
            foreach (var family in new[] { "bert", "roberta", "distilbert" })
                foreach (var form in new[] { "today", "old" }) models.Add(family, form);
            return models;
        }
    }

    [PythonTorchTheory]
    [MemberData(nameof(MaskedLanguageModels))]
    public void MaskedLanguageModel_ThatPyTorchWrote_IsImportedAndSaysOfWordsWhatPyTorchDoes(string family, string form)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        var fixture = TextFixtures.All.Single(fixture => fixture.Family == family && fixture.Task == "words");
        SmallFolder.Write(_folder.Path, fixture.Network, words: 35, target: Target.Word);
        PythonTorch.Run("text_folder.py", _folder.File("model.safetensors"), family, "2", "128", "40", form);

        var problems = new ProblemList();
        var model = ModelFolder.Read(_folder.Path, problems);
        Assert.Empty(problems.Items);
        Assert.Equal((Transformers.Size(fixture.Network)!, true, null), (model!.Size, model.MaskedLmHead, model.Target));

        using var network = (MaskedLanguageModel)Networks.Build(fixture.Network, fixture.Shape.OfWords, seed: 5);
        Assert.Empty(HuggingFaceFolder.Load(network, _folder.Path).Fresh);
        network.eval();
        var real = fixture.Tokens.select(1, 0).ge(0);
        Fixtures.AssertClose(fixture.Logits, network.At(fixture.Tokens, real).flatten());
        Fixtures.AssertClose(fixture.Logits, network.call(fixture.Tokens)[real].flatten());
    }

    [Theory]
    [InlineData("bert-l2-h64", Target.Class)]
    [InlineData("roberta-l1-h64", Target.Value)]
    [InlineData("distilbert-l1-h64", Target.Span)]
    public void Load_WhatWasWritten_GivesTheSameNetwork(string name, Target target)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var written = Written(name, 2, target);
        var config = HuggingFaceFolder.ReadConfig(_folder.Path);
        Assert.Equal((name, 40, target), (config.Architecture, config.Vocabulary, config.Target));
        Assert.Equal(target switch { Target.Class => ["LABEL_0", "LABEL_1"], Target.Value => ["LABEL_0"], _ => [] }, config.Labels);

        using var read = Networks.Build(config.Architecture, DataShape.Text(40, 16, target, 2), seed: 9);
        var loaded = HuggingFaceFolder.Load(read, _folder.Path);
        Assert.Empty(loaded.Fresh);
        Assert.Empty(loaded.Ignored);
        foreach (var (key, value) in written.state_dict()) Assert.True(value.equal(read.state_dict()[key]).all().item<bool>(), key);
    }

    [Theory]
    [InlineData("bert-l2-h64", Target.Class, 3)]
    [InlineData("roberta-l1-h64", Target.Value, 1)]
    [InlineData("distilbert-l2-h64", Target.Class, 2)]
    [InlineData("bert-l1-h128", Target.Span, 2)]
    [InlineData("bert-l1-h64", Target.Word, 40)]
    [InlineData("roberta-l1-h64", Target.Word, 40)]
    [InlineData("distilbert-l1-h64", Target.Word, 40)]
    public void TransformerWeights_AreThoseOfTheNetwork(string name, Target target, int outputs)
    {
        using var scope = NewDisposeScope();
        using var network = Networks.Build(name, DataShape.Text(40, 16, target, outputs), seed: 1);
        Assert.Equal(
            network.state_dict().Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value.shape)}]").Order(),
            TransformerWeights.Of(Transformers.Size(name)!, 40, target, outputs).Select(pair => $"{pair.Key} [{string.Join(", ", pair.Value)}]").Order());
    }

    [Fact]
    public void Load_OldNamesAndWhatNoNetworkNeeds_AreUnderstood()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var written = Network("bert-l1-h64", 2, seed: 1);
        // As the first BERT was saved: for pre-training, the norms under TensorFlow's names, with a buffer and tied weights.
        Save(written.state_dict().Where(pair => !pair.Key.StartsWith("classifier", StringComparison.Ordinal))
            .Select(pair => (pair.Key.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal), pair.Value))
            .Append(("bert.embeddings.position_ids", arange(512))).Append(("cls.predictions.bias", zeros(40))).Append(("cls.seq_relationship.weight", zeros(2, 64))));

        using var read = Network("bert-l1-h64", 2, seed: 2);
        var head = Fixtures.Floats(read.get_parameter("classifier.weight")!);
        var loaded = HuggingFaceFolder.Load(read, _folder.Path);
        Assert.Equal(["classifier.weight", "classifier.bias"], loaded.Fresh);
        Assert.Equal(["bert.embeddings.position_ids", "cls.predictions.bias", "cls.seq_relationship.weight"], loaded.Ignored);
        Assert.Equal(head, Fixtures.Floats(read.get_parameter("classifier.weight")!));
        Assert.Equal(Fixtures.Floats(written.Words), Fixtures.Floats(((TextNetwork)read).Words));
    }

    [Fact]
    public void Load_AnEncoderAlone_WithoutItsPrefix_LeavesTheHeadFresh()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var written = Network("roberta-l1-h64", 2, seed: 1);
        Save(written.state_dict().Where(pair => pair.Key.StartsWith("roberta.", StringComparison.Ordinal)).Select(pair => (pair.Key["roberta.".Length..], pair.Value)));
        using var read = Network("roberta-l1-h64", 2, seed: 2);
        Assert.Equal(["classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight", "classifier.out_proj.bias"], HuggingFaceFolder.Load(read, _folder.Path).Fresh);
        Assert.Equal(Fixtures.Floats(written.Words), Fixtures.Floats(read.Words));

        using var generator = new MaskedLanguageModel(Transformers.Size("roberta-l1-h64")!, 40);
        Assert.Equal(5, HuggingFaceFolder.Load(generator, _folder.Path).Fresh.Count);
        Assert.Equal(Fixtures.Floats(written.Words), Fixtures.Floats(generator.Words));
    }

    [Fact]
    public void Load_TheEncoderOnly_LeavesAHeadForOtherClassesOut()
    {
        using var scope = NewDisposeScope();
        using var written = Written("bert-l1-h64", 3);
        using var read = Network("bert-l1-h64", 2, seed: 2);
        var refusal = Assert.Throws<RunException>(() => HuggingFaceFolder.Load(read, _folder.Path));
        Assert.Contains("classifier.weight is [3, 64]; [2, 64] is right", refusal.Message, StringComparison.Ordinal);
        var loaded = HuggingFaceFolder.Load(read, _folder.Path, encoderOnly: true);
        Assert.Equal(["classifier.weight", "classifier.bias"], loaded.Fresh);
        Assert.Equal(["classifier.bias", "classifier.weight"], loaded.Ignored);
    }

    [Fact]
    public void Load_WeightsThatDoNotFit_ListsEveryTensorAndChangesNone()
    {
        using var scope = NewDisposeScope();
        using var written = Network("bert-l2-h64", 2, seed: 1);
        Save(written.state_dict().Where(pair => !pair.Key.Contains("layer.0.output.dense.bias", StringComparison.Ordinal))
            .Select(pair => (pair.Key, pair.Key.EndsWith("word_embeddings.weight", StringComparison.Ordinal) ? zeros(30, 64) : pair.Value)).Append(("bert.encoder.layer.0.adapter.weight", zeros(3))));
        using var read = Network("bert-l1-h64", 2, seed: 2);
        var before = Fixtures.Floats(read.parameters().Last());

        var refusal = Assert.Throws<RunException>(() => HuggingFaceFolder.Load(read, _folder.Path));
        Assert.Equal(FailureCode.WeightsMismatch, refusal.Code);
        Assert.Contains("bert.encoder.layer.0.output.dense.bias [64] is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("bert.encoder.layer.1.attention.self.query.weight [64, 64] has no place", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("bert.encoder.layer.0.adapter.weight [3] has no place", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("bert.embeddings.word_embeddings.weight is [30, 64]; [40, 64] is right", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Fixtures.Floats(read.parameters().Last()));
    }

    [Fact]
    public void Load_WeightsInSeveralFiles_ReadsAll()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var written = Network("distilbert-l1-h64", 2, seed: 1);
        var state = written.state_dict();
        string File(string name) => name.Contains("embeddings", StringComparison.Ordinal) ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors";
        foreach (var shard in state.GroupBy(pair => File(pair.Key))) Safetensors.Write(_folder.File(shard.Key), shard.Select(pair => (pair.Key, pair.Value)));
        WriteText("model.safetensors.index.json", JsonSerializer.Serialize(new { weight_map = state.Keys.ToDictionary(name => name, File) }));
        using var read = Network("distilbert-l1-h64", 2, seed: 2);
        Assert.Empty(HuggingFaceFolder.Load(read, _folder.Path).Fresh);
        Assert.Equal(Fixtures.Floats(written.parameters().Last()), Fixtures.Floats(read.parameters().Last()));

        WriteText("model.safetensors.index.json", """{"weight_map": {"a": "../secret.safetensors"}}""");
        Assert.Equal(FailureCode.DataCorrupt, Assert.Throws<RunException>(() => HuggingFaceFolder.Load(read, _folder.Path)).Code);
    }

    [Fact]
    public void Load_APickle_IsRefusedWithTheWayToConvertIt()
    {
        using var network = Network("bert-l1-h64", 2, seed: 1);
        var absent = Assert.Throws<RunException>(() => HuggingFaceFolder.Load(network, _folder.Path));
        Assert.Equal(FailureCode.DataMissing, absent.Code);
        WriteText("pytorch_model.bin", "not looked at");
        var refusal = Assert.Throws<RunException>(() => HuggingFaceFolder.Load(network, _folder.Path));
        Assert.Contains("pytorch_model.bin is a pickle", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("safetensors.torch import save_file", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StudentInit_CopiesTheLayersOfTheMap_AndTheEmbeddings()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var teacher = Network("bert-l6-h64", 2, seed: 1);
        using var student = Network("bert-l3-h64", 2, seed: 2);
        using var other = Network("distilbert-l2-h64", 2, seed: 3);
        Assert.Equal([1, 3, 5], InitialLayers.Spread(3, 6));
        Assert.Equal([1, 3, 6, 8, 11], InitialLayers.Spread(5, 12));

        StudentInit.FromLayers(student, teacher);
        StudentInit.FromLayers(other, teacher, [0, 4]);
        Assert.Equal(Weight(teacher, "bert.encoder.layer.3.output.dense.weight"), Weight(student, "bert.encoder.layer.1.output.dense.weight"));
        Assert.Equal(Weight(teacher, "bert.embeddings.token_type_embeddings.weight"), Weight(student, "bert.embeddings.token_type_embeddings.weight"));
        Assert.NotEqual(Weight(teacher, "classifier.weight"), Weight(student, "classifier.weight"));
        Assert.Equal(Weight(teacher, "bert.encoder.layer.4.intermediate.dense.weight"), Weight(other, "distilbert.transformer.layer.1.ffn.lin1.weight"));
        Assert.Equal(Weight(teacher, "bert.encoder.layer.0.attention.output.LayerNorm.weight"), Weight(other, "distilbert.transformer.layer.0.sa_layer_norm.weight"));
        Assert.Equal(Fixtures.Floats(teacher.Words), Fixtures.Floats(other.Words));

        float[] Weight(TextNetwork network, string name) => Fixtures.Floats(network.get_parameter(name)!);
    }

    [Theory]
    [InlineData("bert-l2-h128", new[] { 0, 1 }, "a student of width 128 and a teacher of width 64 given")]
    [InlineData("roberta-l2-h64", new[] { 0, 1 }, "a Roberta student and a Bert teacher given")]
    [InlineData("bert-l2-h64", new[] { 0 }, "1 layers given; the student has 2")]
    [InlineData("bert-l2-h64", new[] { 0, 4 }, "layers 0, 4 given; the teacher has 0 to 3")]
    public void StudentInit_OfNetworksThatDoNotFit_SaysWhy(string name, int[] layers, string expected)
    {
        using var teacher = Network("bert-l4-h64", 2, seed: 1);
        using var student = Network(name, 2, seed: 1);
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => StudentInit.FromLayers(student, teacher, layers)).Message, StringComparison.Ordinal);
    }

    private static TextNetwork Network(string name, int classes, long seed, Target target = Target.Class) =>
        (TextNetwork)Networks.Build(name, DataShape.Text(40, 16, target, classes), seed);

    private TextNetwork Written(string name, int classes, Target target = Target.Class)
    {
        var network = Network(name, classes, seed: 1, target);
        using (no_grad())
        {
            foreach (var weight in network.parameters()) nn.init.normal_(weight, 0, 0.1);
        }
        var config = new TransformerConfig(Transformers.Size(name)!, 40)
        {
            Target = target,
            Labels = target switch { Target.Class => [.. Enumerable.Range(0, classes).Select(id => $"LABEL_{id}")], Target.Value => ["LABEL_0"], _ => [] },
        };
        HuggingFaceFolder.Write(_folder.Path, network, config);
        return network;
    }

    private void Save(IEnumerable<(string, Tensor)> tensors) => Safetensors.Write(_folder.File("model.safetensors"), tensors);

    private void WriteText(string name, string text) => File.WriteAllText(_folder.File(name), text);
}
