using System.Text;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

/// <summary>Methods on layers of transformers.</summary>
public sealed class LayerMethodTests
{
    // Layers of the student and of the teacher, from 1.
    [Theory]
    [InlineData("""{"name": "pkd"}""", 3, 6, "1-2 2-4")]
    [InlineData("""{"name": "pkd", "map": "last"}""", 3, 6, "1-4 2-5")]
    [InlineData("""{"name": "pkd", "map": "top"}""", 3, 6, "3-6")]
    [InlineData("""{"name": "pkd", "teacher_layers": [1, 6]}""", 3, 6, "1-1 2-6")]
    [InlineData("""{"name": "tinybert", "attention_weight": 0}""", 2, 5, "0-0 1-2 2-5")]
    [InlineData("""{"name": "tinybert", "attention_weight": 0, "map": "last"}""", 2, 5, "0-0 1-4 2-5")]
    [InlineData("""{"name": "tinybert", "hidden_weight": 0, "map": "top"}""", 2, 5, "2-5")]
    [InlineData("""{"name": "distilbert"}""", 2, 5, "2-5")]
    public void Layers_ByTheMap_AreThoseOfThePaper(string method, int student, int teacher, string pairs)
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document(method, $"bert-l{student}-h64", $"bert-l{teacher}-h64")));
        var taps = plan.Stages[0].Losses.SelectMany(term => term.Objective.TapsOf(plan.Network("student"), plan.Network("teacher"), plan.Dataset));
        Assert.Equal(pairs, string.Join(' ', taps.Select(pair => $"{Number(pair.Student)}-{Number(pair.Teacher)}")));

        // bert.encoder.layer.1 and what is in it are the second; the embeddings come before the first.
        static int Number(string tap) => tap.Split('.') is [_, _, "layer", var layer, ..] ? int.Parse(layer) + 1 : 0;
    }

    [Theory]
    [InlineData("""{"name": "tinybert", "teacher_layers": [1, 7]}""", "bert-l2-h64", "bert-l4-h64", "/method/teacher_layers", "7 given; bert-l4-h64 has the layers 1 to 4")]
    [InlineData("""{"name": "pkd", "teacher_layers": [1, 2]}""", "bert-l2-h64", "bert-l4-h64", "/method/teacher_layers", "2 given; 1, as many as learn of the 2 layers of bert-l2-h64")]
    [InlineData("""{"name": "tinybert"}""", "bert-l4-h64", "bert-l2-h64", "/method/map", "uniform given; bert-l4-h64 has 4 layers and bert-l2-h64 has 2")]
    [InlineData("""{"name": "pkd"}""", "bert-l1-h64", "bert-l2-h64", "/method/map", "top, or a deeper student")]
    [InlineData("""{"name": "tinybert"}""", "bert-l2-h64", "bert-l2-h128", "/method/map", "1 and 2 heads")]
    [InlineData("""{"name": "pkd"}""", "bert-l2-h64", "bert-l2-h128", "/method/map", "states of the same width can be compared")]
    [InlineData("""{"name": "distilbert"}""", "bert-l2-h64", "bert-l2-h128", "/method", "states of the same width have an angle")]
    [InlineData("""{"name": "tinybert", "attention_weight": 0, "hidden_weight": 0}""", "bert-l2-h64", "bert-l2-h64", "/method/hidden_weight", "one of them above 0")]
    [InlineData("""{"name": "tinybert", "intermediate_epochs": 10}""", "bert-l2-h64", "bert-l2-h64", "/method/intermediate_epochs", "fewer than training.epochs (10)")]
    [InlineData("""{"name": "at"}""", "bert-l2-h64", "bert-l2-h64", "/method", "at given, which compares maps with height and width; bert-l2-h64 has none")]
    [InlineData("""{"name": "reviewkd"}""", "bert-l2-h64", "bert-l2-h64", "/method/layers", "which is one of states of tokens, given; bert-l2-h64 has embedding [64]")]
    public void Layers_ThatDoNotFit_AreRefusedWithWhatWouldBeRight(string method, string student, string teacher, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Document(method, student, teacher), problems));
        Assert.All(problems.Items, problem => Assert.Equal(pointer, problem.Pointer));
        Assert.Contains(detail, problems.Items[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void LayersOfTransformers_OnPictures_AreNone()
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes("""
            {"dataset": {"name": "procedural"}, "teacher": {"model": "resnet20"}, "student": {"model": "resnet8"},
             "method": {"name": "custom", "stages": [{"name": "states", "losses": [{"objective": {"name": "hidden_states"}}]}]}}
            """), problems));
        Assert.Equal(new Problem("/method/stages/0/losses/0/objective", "hidden_states given, which compares states of tokens; resnet8 has none"), Assert.Single(problems.Items));
    }

    private static byte[] Document(string method, string student, string teacher) => Encoding.UTF8.GetBytes(
        $$"""{"dataset": {"name": "phrases"}, "teacher": {"model": "{{teacher}}"}, "student": {"model": "{{student}}"}, "method": {{method}}, "training": {"epochs": 10} }""");
}
