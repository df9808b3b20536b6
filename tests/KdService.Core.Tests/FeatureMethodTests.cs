using System.Text;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public class FeatureMethodTests
{
    private static readonly string[] Methods = ["at", "crd", "fitnet", "pkt", "reviewkd", "rkd", "sp"];

    // Teachers and students of RepDistiller's tables.
    private static readonly (string Teacher, string Student)[] Pairs =
    [
        ("wrn40_2", "wrn16_2"), ("wrn40_2", "wrn40_1"), ("resnet56", "resnet20"), ("resnet110", "resnet32"), ("resnet32x4", "resnet8x4"), ("vgg13", "vgg8"),
        ("vgg13", "mobilenetv2"), ("resnet50", "mobilenetv2"), ("resnet50", "vgg8"), ("resnet32x4", "shufflenetv1"), ("resnet32x4", "shufflenetv2"), ("wrn40_2", "shufflenetv1"),
    ];

    public static TheoryData<string> All => new(Methods);

    [Theory]
    [MemberData(nameof(All))]
    public void Method_OnThePublishedPairs_ComparesItsUsualLayers(string method)
    {
        foreach (var (teacher, student) in Pairs)
        {
            var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document($$"""{"name": "{{method}}"}""", teacher, student)));
            var stage = Assert.Single(plan.Stages);
            Assert.Equal(TeacherSignal.Live, Showing.SignalOf(plan, stage));
            var taps = stage.Losses.SelectMany(term => term.Objective.TapsOf(plan.Network("student"), plan.Network("teacher"), plan.Dataset)).ToList();
            // Behind the stem RepDistiller's VGGs and MobileNets have four stages, as its ResNet-50 has, and the others three.
            var stages = student is "vgg8" or "mobilenetv2" ? 4 : 3;
            Assert.Equal(method switch { "at" => stages, "reviewkd" => stages + 1, _ => 1 }, taps.Count);
            Assert.Equal(method is not ("at" or "fitnet" or "sp"), taps[^1].Student == "embedding");
        }
    }

    [Theory]
    [InlineData("""{"name": "fitnet"}""", new[] { "layer2" })]
    [InlineData("""{"name": "at"}""", new[] { "layer1", "layer2", "layer3" })]
    [InlineData("""{"name": "sp"}""", new[] { "layer3" })]
    [InlineData("""{"name": "rkd"}""", new[] { "embedding" })]
    [InlineData("""{"name": "reviewkd"}""", new[] { "layer1", "layer2", "layer3", "embedding" })]
    [InlineData("""{"name": "at", "layers": [{"student": "layer2", "teacher": "layer2.1"}]}""", new[] { "layer2" })]
    public void Layers_NamedOrLeftOut_AreWhatIsCompared(string method, string[] ofStudent)
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document(method)));
        var taps = plan.Stages[0].Losses.SelectMany(term => term.Objective.TapsOf(plan.Network("student"), plan.Network("teacher"), plan.Dataset));
        Assert.Equal(ofStudent, taps.Select(pair => pair.Student));
    }

    [Theory]
    [InlineData("resnet20", new[] { "layer1.2.preact", "layer2.2.preact", "layer3.2.preact", "embedding" })]
    [InlineData("resnet50", new[] { "layer2.3.preact", "layer3.5.preact", "layer4.2.preact", "embedding" })]
    [InlineData("wrn40_2", new[] { "block2.layer.0.bn1", "block3.layer.0.bn1", "bn1", "embedding" })]
    [InlineData("vgg13", new[] { "block2.4", "block3.4", "block4.4", "embedding" })]
    [InlineData("mobilenetv2", new[] { "blocks.2", "blocks.4", "blocks.6", "embedding" })]
    [InlineData("shufflenetv2", new[] { "layer1.3.preact", "layer2.7.preact", "layer3.3.preact", "embedding" })]
    public void Review_OfATeachersStages_IsBeforeTheirReluAndOfTheStudentsBehindIt(string teacher, string[] ofTeacher)
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document("""{"name": "reviewkd"}""", teacher)));
        var taps = plan.Stages[0].Losses[^1].Objective.TapsOf(plan.Network("student"), plan.Network("teacher"), plan.Dataset);
        Assert.Equal(ofTeacher, taps.Select(pair => pair.Teacher));
        Assert.Equal(["layer1", "layer2", "layer3", "embedding"], taps.Select(pair => pair.Student));
    }

    [Fact]
    public void Losses_OfAFeatureMethod_AreThoseWithAWeight()
    {
        static string[] Losses(string method) => [.. PlanBuilder.Compile(SpecValidation.ReadOrThrow(Document(method))).Stages[0].Losses
            .Select(term => FormattableString.Invariant($"{term.Weight} {Union.Case(term.Objective.GetType()).Name}"))];
        Assert.Equal(["1 cross_entropy", "1000 at"], Losses("""{"name": "at"}"""));
        Assert.Equal(["1 cross_entropy", "0.8 crd", "1 kd"], Losses("""{"name": "crd", "kd_weight": 1}"""));
        Assert.Equal(["5 reviewkd"], Losses("""{"name": "reviewkd", "feature_weight": 5, "ce_weight": 0}"""));
    }

    [Theory]
    [InlineData("""{"name": "at", "layers": [{"student": "layer4", "teacher": "layer2"}]}""", "/method/layers/0/student", "\"layer4\" given; resnet8 has conv1 [16, 32, 32], bn1 [16, 32, 32], layer1 [16, 32, 32], layer2 [32, 16, 16], layer3 [64, 8, 8]; within, by their names in the weights, there are more, such as layer1.0 [16, 32, 32]")]
    [InlineData("""{"name": "rkd", "layers": [{"student": "layer1", "teacher": "layer1"}, {"student": "embedding", "teacher": "logits"}]}""", "/method/layers/1/teacher", "embedding [64], fc [10]; within")]
    [InlineData("""{"name": "sp", "layers": [{"student": "layer2.0.conv3", "teacher": "layer2.2.preactt"}]}""", "/method/layers/0/student", "within, by their names in the weights, there are more, such as layer2.0.conv1 [32, 16, 16], layer2.0.conv2 [32, 16, 16], ")]
    [InlineData("""{"name": "sp", "layers": [{"student": "layer2.0.conv3", "teacher": "layer2.2.preactt"}]}""", "/method/layers/0/teacher", "such as layer2.2.preact [32, 16, 16]")]
    [InlineData("""{"name": "at", "layers": [{"student": "layer2.0.bn1", "teacher": "fc"}]}""", "/method/layers/0/teacher", "fc [10], which has no height and width, given")]
    [InlineData("""{"name": "fitnet", "layers": [{"student": "layer3.0.bn2", "teacher": "layer1.1.conv2"}]}""", "/method/layers/0", "layer3.0.bn2 [64, 8, 8] of resnet8 and layer1.1.conv2 [16, 32, 32] of resnet20 given")]
    [InlineData("""{"name": "at", "layers": [{"student": "layer1", "teacher": "embedding"}]}""", "/method/layers/0/teacher", "embedding [64], which has no height and width, given; resnet20 has conv1 [16, 32, 32]")]
    [InlineData("""{"name": "fitnet", "layers": [{"student": "layer3", "teacher": "layer1"}]}""", "/method/layers/0", "layer3 [64, 8, 8] of resnet8 and layer1 [16, 32, 32] of resnet20 given; a convolution leads to")]
    [InlineData("""{"name": "sp", "layers": []}""", "/method/layers", "an empty list given; at least one pair of taps")]
    [InlineData("""{"name": "sp", "layers": [{"student": "layer1"}]}""", "/method/layers/0/teacher", "missing")]
    [InlineData("""{"name": "crd", "temperature": 0}""", "/method/temperature", "0 given; a number from 0.001")]
    [InlineData("""{"name": "crd", "negatives": 0}""", "/method/negatives", "0 given; an integer from 1")]
    [InlineData("""{"name": "pkt", "feature_weight": 0}""", "/method/feature_weight", "0 given; a number above 0")]
    [InlineData("""{"name": "custom", "stages": [{"name": "a", "losses": [{"objective": {"name": "cross_entropy"}}, {"objective": {"name": "at", "layers": [{"student": "layer9", "teacher": "layer2"}]}}]}]}""", "/method/stages/0/losses/1/objective/layers/0/student", "\"layer9\" given")]
    public void Layers_ThatDoNotFit_AreRefusedWithWhatThereIs(string method, string pointer, string detail)
    {
        var problems = new ProblemList();
        Assert.Null(SpecValidation.Read(Document(method), problems));
        Assert.Contains(problems.Items, problem => problem.Pointer == pointer && problem.Detail.Contains(detail, StringComparison.Ordinal));
    }

    [Fact]
    public void FitNet_BetweenNetworksWithoutASecondStageThatFits_AsksForLayers()
    {
        var problems = new ProblemList();
        // The second of the student's two stages has 8x8 pixels, the second of the teacher's three 16x16: twice the size can be reached.
        Assert.NotNull(SpecValidation.Read(Document("""{"name": "fitnet"}""", "resnet20", "plane2"), problems));
        // Of the student's five stages the last three are compared.
        Assert.Null(SpecValidation.Read(Document("""{"name": "fitnet"}""", "resnet20", "plane10"), problems));
        var problem = Assert.Single(problems.Items);
        Assert.Equal("/method/layers", problem.Pointer);
        Assert.Contains("[128, 4, 4] of plane10 and layer2 [32, 16, 16] of resnet20 given", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Features_FromKeptLogits_CannotBeHad()
    {
        foreach (var method in Methods)
        {
            var problems = new ProblemList();
            var json = Encoding.UTF8.GetString(Document($$"""{"name": "{{method}}"}""")).TrimStart()[1..];
            Assert.Null(SpecValidation.Read(Encoding.UTF8.GetBytes($$"""{"teacher_signal": "cached", {{json}}"""), problems));
            Assert.Equal("/teacher_signal", Assert.Single(problems.Items).Pointer);
        }
    }

    private static byte[] Document(string method, string teacher = "resnet20", string student = "resnet8") => Encoding.UTF8.GetBytes(
        $$"""{"dataset": {"name": "cifar10"}, "teacher": {"model": "{{teacher}}"}, "student": {"model": "{{student}}"}, "method": {{method}}}""");
}
