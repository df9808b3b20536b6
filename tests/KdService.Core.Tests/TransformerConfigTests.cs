using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Tests;

public class TransformerConfigTests
{
    // As published beside the weights.
    private const string BertBase = """
        {"architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": false, "hidden_act": "gelu",
         "hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-12,
         "max_position_embeddings": 512, "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 0,
         "position_embedding_type": "absolute", "transformers_version": "4.6.0.dev0", "type_vocab_size": 2, "use_cache": true, "vocab_size": 30522}
        """;

    private const string RobertaBase = """
        {"architectures": ["RobertaForMaskedLM"], "attention_probs_dropout_prob": 0.1, "bos_token_id": 0, "eos_token_id": 2, "hidden_act": "gelu",
         "hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-05,
         "max_position_embeddings": 514, "model_type": "roberta", "num_attention_heads": 12, "num_hidden_layers": 6, "pad_token_id": 1,
         "type_vocab_size": 1, "vocab_size": 50265}
        """;

    private const string DistilBert = """
        {"activation": "gelu", "architectures": ["DistilBertForQuestionAnswering"], "attention_dropout": 0.1, "dim": 768, "dropout": 0.1, "hidden_dim": 3072,
         "initializer_range": 0.02, "max_position_embeddings": 512, "model_type": "distilbert", "n_heads": 12, "n_layers": 6, "pad_token_id": 0,
         "qa_dropout": 0.1, "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "tie_weights_": true, "vocab_size": 30522}
        """;

    [Theory]
    [InlineData(BertBase, "bert-base", 30_522, Target.Class)]
    [InlineData(RobertaBase, "distilroberta", 50_265, Target.Class)]
    [InlineData(DistilBert, "distilbert", 30_522, Target.Span)]
    public void Parse_PublishedConfigs_FindsTheirNetworks(string json, string architecture, int vocabulary, Target target)
    {
        var problems = new ProblemList();
        var config = TransformerConfig.Parse(Encoding.UTF8.GetBytes(json), problems);
        Assert.Empty(problems.Items);
        Assert.Equal((architecture, vocabulary, target), (config!.Architecture, config.Vocabulary, config.Target));
    }

    [Theory]
    [InlineData("model_type", "\"albert\"", "model_type: \"albert\" given; bert, roberta, distilbert are served")]
    [InlineData("model_type", null, "model_type: missing; bert, roberta, distilbert are served")]
    [InlineData("hidden_act", "\"gelu_new\"", "hidden_act: \"gelu_new\" given; gelu is served")]
    [InlineData("position_embedding_type", "\"relative_key\"", "position_embedding_type: \"relative_key\" given; absolute is served")]
    [InlineData("num_attention_heads", "8", "num_attention_heads: 8 given; 12 is served for this size")]
    [InlineData("intermediate_size", "1024", "intermediate_size: 1024 given; 3072 is served for this size")]
    [InlineData("max_position_embeddings", "1024", "max_position_embeddings: 1024 given; 512 is served for this size")]
    [InlineData("hidden_size", "312", "hidden_size: 312 given; a multiple of 64 up to 2048 is served")]
    [InlineData("num_hidden_layers", "99", "num_hidden_layers: 99 given; 1 to 48 are served")]
    [InlineData("vocab_size", "\"many\"", "vocab_size: \"many\" given; a whole number is right")]
    [InlineData("vocab_size", "0", "vocab_size: 0 given; a number from 1 up is right")]
    [InlineData("layer_norm_eps", "0.001", "layer_norm_eps: 0.001 given; 1E-12 is served")]
    [InlineData("pad_token_id", "3", "pad_token_id: 3 given; 0 is served")]
    [InlineData("is_decoder", "true", "is_decoder: true given; encoders are served")]
    [InlineData("id2label", """{"0": "no", "2": "yes"}""", "id2label: keys 0, 2 given; 0 to 1 are right")]
    public void Parse_WhatIsNotServed_SaysWhatIs(string field, string? value, string expected)
    {
        var json = JsonNode.Parse(BertBase)!.AsObject();
        if (value is null) json.Remove(field);
        else json[field] = JsonNode.Parse(value);
        var problems = new ProblemList();
        Assert.Null(TransformerConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()), problems));
        Assert.Contains(expected, problems.Items.Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    public void Parse_NoConfig_IsRefused(string json)
    {
        var problems = new ProblemList();
        Assert.Null(TransformerConfig.Parse(Encoding.UTF8.GetBytes(json), problems));
        Assert.Single(problems.Items);
    }

    [Theory]
    [InlineData("bert-mini", Target.Class, "BertForSequenceClassification", "single_label_classification")]
    [InlineData("roberta-base", Target.Value, "RobertaForSequenceClassification", "regression")]
    [InlineData("distilbert", Target.Span, "DistilBertForQuestionAnswering", null)]
    public void ToJson_IsReadBack_AndNamesTheModel(string name, Target target, string architecture, string? problemType)
    {
        var config = new TransformerConfig(Transformers.Size(name)!, 99) { Target = target, Ends = (3, 4), Labels = target switch { Target.Class => ["no", "yes"], Target.Value => ["score"], _ => [] } };
        var json = JsonNode.Parse(config.ToJson())!;
        Assert.Equal(architecture, (string?)json["architectures"]![0]);
        Assert.Equal(problemType, (string?)json["problem_type"]);
        if (name == "roberta-base") Assert.Equal((1, 3, 4), ((int)json["pad_token_id"]!, (int)json["bos_token_id"]!, (int)json["eos_token_id"]!));
        if (target == Target.Class) Assert.Equal(1, (int?)json["label2id"]!["yes"]);
        var problems = new ProblemList();
        var read = TransformerConfig.Parse(config.ToJson(), problems)!;
        Assert.Empty(problems.Items);
        Assert.Equal((config.Size, config.Vocabulary, config.Target), (read.Size, read.Vocabulary, read.Target));
        Assert.Equal(config.Labels, read.Labels);
    }
}
