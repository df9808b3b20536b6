using System.Text.Json;
using KdService.Core.Architectures;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Distillation.Objectives;
using static KdService.Distillation.Tests.Fixtures;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Objectives;

/// <summary>Losses on features against PyTorch's (<c>python/features.py</c>), and what no published value says.</summary>
public class FeatureLossTests
{
    // Samples and classes of the fixtures.
    private const int Samples = 12;
    private const int Classes = 3;

    public static TheoryData<int> PyTorchCases { get; } = new(Enumerable.Range(0, Read("features.json").GetArrayLength()));

    /// <summary>A loss for each method, and the shapes that it compares.</summary>
    public static TheoryData<string> Objectives { get; } = new(["at", "sp", "rkd", "pkt", "fitnet", "reviewkd", "crd"]);

    [Theory]
    [MemberData(nameof(PyTorchCases))]
    public void Loss_ItsGradientsAndWhatItLearns_ArePyTorchs(int number)
    {
        var expected = Read("features.json")[number];
        using var scope = NewDisposeScope();
        var shapes = expected.GetProperty("shapes").EnumerateArray().Select(pair => (Shape(pair[0]), Shape(pair[1]))).ToArray();
        var loss = Create(Json.Read<Objective>(expected.GetProperty("objective").GetRawText()), shapes);
        Put(expected.GetProperty("learned"), loss.Learned);
        foreach (var step in expected.GetProperty("steps").EnumerateArray())
        {
            var features = step.GetProperty("features").EnumerateArray().Select(pair => (Student: Array(pair[0]).requires_grad_(), Teacher: Array(pair[1]))).ToArray();
            loss.Learned?.zero_grad();
            var value = loss.Loss(Batch(features, Integers(step.GetProperty("samples")), Integers(step.GetProperty("labels"))));
            value.backward();
            var right = step.GetProperty("loss").GetDouble();
            Assert.True(Math.Abs(value.item<float>() - right) <= 1e-5 * right, $"{value.item<float>()} given; {right} is right");
            foreach (var (feature, gradient) in features.Zip(step.GetProperty("gradients").EnumerateArray()))
                AssertClosePart(Array(gradient), feature.Student.grad!);
            foreach (var gradient in step.GetProperty("learned_gradients").EnumerateObject())
                AssertClosePart(Array(gradient.Value), loss.Learned!.get_parameter(gradient.Name)!.grad!);
        }
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Gradient_OfTheStudentsFeatures_IsTheSlopeOfTheLoss(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(21);
        var (loss, features) = Example(name, batch: 5);
        var (samples, labels) = (arange(5, int64), arange(5, int64) % Classes);
        var student = features[0].Student;
        // What a first batch fixes stays; what every batch leaves behind is put back between the calls.
        loss.Loss(Batch(features, samples, labels));
        var state = loss.Learned?.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());
        loss.Loss(Batch(features, samples, labels)).backward();
        // Along the gradient the loss is as steep as that is long.
        var direction = student.grad!.clone();
        double At(double step)
        {
            using var _ = no_grad();
            if (state is not null) loss.Learned!.load_state_dict(state);
            return loss.Loss(Batch([(student + step * direction, features[0].Teacher), .. features[1..]], samples, labels)).item<float>();
        }
        var squaredLength = direction.pow(2).sum().item<float>();
        var step = 1e-2 / Math.Sqrt(squaredLength);
        Assert.Equal(1, (At(step) - At(-step)) / (2 * step * squaredLength), 0.02);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Gradient_OfSamplesThatCoincideAndOfZeros_IsFinite(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(22);
        var (loss, features) = Example(name, batch: 4);
        foreach (var (student, _) in features)
        {
            using var _ = no_grad();
            student[1].copy_(student[0]);
            student[2].zero_();
            student[3].zero_();
        }
        loss.Loss(Batch(features, arange(4, int64), arange(4, int64) % Classes)).backward();
        foreach (var (student, _) in features) Assert.All(Floats(student.grad!), value => Assert.InRange(Math.Abs(value), 0, 1e3));
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Loss_OfASingleSample_IsFiniteAndHasAGradient(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(23);
        var (loss, features) = Example(name, batch: 1);
        var value = loss.Loss(Batch(features, zeros(1, int64), zeros(1, int64)));
        value.backward();
        Assert.True(float.IsFinite(value.item<float>()));
        Assert.All(Floats(features[0].Student.grad!), gradient => Assert.True(float.IsFinite(gradient)));
    }

    [Theory]
    [InlineData("at")]
    [InlineData("sp")]
    [InlineData("rkd")]
    [InlineData("pkt")]
    public void Loss_OfFeaturesThatEqualTheTeachers_IsZeroWithoutAGradient(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(24);
        var (loss, _) = Example(name, batch: 5);
        var features = Example(name, batch: 5).Features.Select(pair => (pair.Student, pair.Student.detach().clone())).ToArray();
        var value = loss.Loss(Batch(features, arange(5, int64), zeros(5, int64)));
        value.backward();
        Assert.Equal(0, value.item<float>(), 6);
        AssertClose(zeros_like(features[0].Student), features[0].Student.grad!);
    }

    [Theory]
    [InlineData("sp")]
    [InlineData("rkd")]
    [InlineData("pkt")]
    public void Relations_OfRotatedAndScaledFeatures_AreTheSame(string name)
    {
        using var scope = NewDisposeScope();
        manual_seed(25);
        var teacher = randn(6, 8);
        var student = (3 * teacher.flip(1)).requires_grad_(); // a reflection, three times as long
        var value = Create(name, ([8], [8])).Loss(Batch([(student, teacher)], arange(6, int64), zeros(6, int64)));
        Assert.Equal(0, value.item<float>(), 6);
    }

    [Theory]
    [InlineData("at")]
    [InlineData("rkd")]
    public void Loss_OfHalfPrecisionFeatures_IsComputedInSinglePrecision(string name)
    {
        using var scope = NewDisposeScope();
        var (loss, features) = Example(name, batch: 4);
        var value = loss.Loss(Batch([.. features.Select(pair => (pair.Student.to(bfloat16), pair.Teacher.to(bfloat16)))], arange(4, int64), zeros(4, int64)));
        Assert.Equal(ScalarType.Float32, value.dtype);
    }

    [Fact]
    public void Contrast_FirstBatch_FixesTheNormaliserForAllThatFollow()
    {
        using var scope = NewDisposeScope();
        manual_seed(26);
        var loss = Create("crd", ([4], [6]));
        var normalisers = loss.Learned!.get_buffer("0.log_normalisers")!;
        Assert.All(Floats(normalisers), value => Assert.True(float.IsNaN(value)));
        Tensor Step() => loss.Loss(Batch([(randn(4, 4), randn(4, 6))], arange(4, int64), arange(4, int64) % Classes));
        Step();
        var fixedOnes = Floats(normalisers);
        Assert.All(fixedOnes, value => Assert.True(float.IsFinite(value)));
        Step();
        Assert.Equal(fixedOnes, Floats(normalisers));
    }

    [Fact]
    public void Memory_OfTheBatchsSamples_MovesToTheirEmbeddingsAndOfOthersStays()
    {
        using var scope = NewDisposeScope();
        manual_seed(27);
        var loss = Create(new ContrastiveRepresentation { Dimensions = 5, Momentum = 0 }, ([4], [6]));
        var memory = loss.Learned!.get_buffer("0.student_memory")!;
        var before = memory.clone();
        var (student, samples) = (randn(3, 4), tensor(new long[] { 7, 2, 11 }));
        loss.Loss(Batch([(student, randn(3, 6))], samples, samples % Classes));
        var (weight, bias) = (loss.Learned.get_parameter("0.student.weight")!, loss.Learned.get_parameter("0.student.bias")!);
        var right = before.index_copy_(0, samples, nn.functional.normalize(student.mm(weight.t()) + bias));
        AssertClose(right, memory);
    }

    [Fact]
    public void Negatives_AreOfOtherClassesWithoutRepetitionAndEvenlyDrawn()
    {
        using var scope = NewDisposeScope();
        manual_seed(28);
        // Class 0 has 6 samples, class 1 has 3, class 2 has 3: 6 negatives at most.
        int[] labels = [0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2];
        using var memory = new ContrastiveMemory(new ContrastiveRepresentation { Negatives = 4 }, 2, 2, labels);
        var times = new int[Samples];
        for (var draw = 0; draw < 300; draw++)
        {
            using var step = NewDisposeScope();
            var negatives = memory.Negatives(tensor(new long[] { 0, 1 }));
            Assert.Equal([2, 4], negatives.shape);
            for (var row = 0; row < 2; row++)
            {
                var drawn = negatives[row].data<long>().ToArray();
                Assert.Equal(4, drawn.Distinct().Count());
                Assert.DoesNotContain(drawn, sample => labels[sample] == row);
                if (row == 1) foreach (var sample in drawn) times[sample]++;
            }
        }
        // 4 of 9 samples, 300 times: 133 each, give or take 9.
        Assert.All(labels.Index().Where(entry => entry.Item != 1), entry => Assert.InRange(times[entry.Index], 85, 180));
        using var all = new ContrastiveMemory(new ContrastiveRepresentation(), 2, 2, labels);
        Assert.Equal([1, 6], all.Negatives(tensor(new long[] { 0 })).shape);
    }

    [Theory]
    [InlineData("at", 8, 8)]
    [InlineData("fitnet", 8, 8)]
    [InlineData("fitnet", 16, 8)]
    [InlineData("fitnet", 4, 8)]
    [InlineData("reviewkd", 16, 8)]
    [InlineData("crd", 4, 8)]
    public void Learned_HasAsManyWeightsAsEstimatesCount(string name, int side, int teacherSide)
    {
        using var scope = NewDisposeScope();
        (int[] Student, int[] Teacher)[] shapes = [([4, side, side], [6, teacherSide, teacherSide]), ([8, side / 2, side / 2], [12, teacherSide / 2, teacherSide / 2])];
        var objective = (Objective)Activator.CreateInstance(Union.Of(typeof(Objective))!.Cases[name])!;
        var size = objective.SizeOf([.. shapes.Select(pair => (new Tap("s", pair.Student), new Tap("t", pair.Teacher)))], Samples, 4);
        Assert.Equal(Create(objective, shapes).Learned?.parameters().Sum(weights => weights.numel()) ?? 0, size.Parameters);
    }

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Loss_ManyTimes_LeavesNoTensorsBehind(string name)
    {
        manual_seed(29);
        using var outer = NewDisposeScope();
        var (loss, _) = Example(name, batch: 4);
        void Step()
        {
            using var scope = NewDisposeScope();
            var (_, features) = Example(name, batch: 4, loss);
            loss.Learned?.zero_grad();
            loss.Loss(Batch(features, arange(4, int64), arange(4, int64) % Classes)).backward();
        }
        Step();
        var before = LiveTensors.Settled();
        for (var step = 0; step < 50; step++) Step();
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static IObjective Create(string name, params (int[] Student, int[] Teacher)[] shapes) =>
        Create((Objective)Activator.CreateInstance(Union.Of(typeof(Objective))!.Cases[name])!, shapes);

    private static IObjective Create(Objective objective, params (int[] Student, int[] Teacher)[] shapes) =>
        ObjectiveFactory.Create(objective, new ObjectiveContext
        {
            Classes = Classes,
            TrainSamples = Samples,
            TrainLabels = [.. Enumerable.Range(0, Samples).Select(sample => sample % Classes)],
            Taps = [.. shapes.Select((pair, index) => (new Tap($"s{index}", pair.Student), new Tap($"t{index}", pair.Teacher)))],
        });

    // A loss on features of its kind, and features of a batch.
    private static (IObjective Loss, (Tensor Student, Tensor Teacher)[] Features) Example(string name, int batch, IObjective? loss = null)
    {
        (int[] Student, int[] Teacher)[] shapes = name switch
        {
            "at" => [([3, 4, 4], [3, 4, 4])],
            "fitnet" => [([3, 4, 4], [2, 2, 2])],
            "reviewkd" => [([3, 4, 4], [4, 4, 4]), ([4], [6])],
            "sp" => [([2, 3, 3], [2, 3, 3])],
            _ => [([6], [6])],
        };
        return (loss ?? Create(name, shapes), [.. shapes.Select(pair => (Random(pair.Student).requires_grad_(), Random(pair.Teacher)))]);
        Tensor Random(int[] shape) => randn([batch, .. shape.Select(size => (long)size)]);
    }

    private static TrainingBatch Batch(IReadOnlyList<(Tensor Student, Tensor Teacher)> features, Tensor samples, Tensor labels) => new()
    {
        Logits = zeros(labels.size(0), Classes),
        Labels = labels,
        Samples = samples,
        Features = features.Index().ToDictionary(entry => $"s{entry.Index}", entry => entry.Item.Student),
        TeacherFeatures = features.Index().ToDictionary(entry => $"t{entry.Index}", entry => entry.Item.Teacher),
    };

    private static void Put(JsonElement values, nn.Module? learned)
    {
        using var _ = no_grad();
        foreach (var value in values.EnumerateObject()) learned!.state_dict()[value.Name].copy_(Array(value.Value));
    }

    // Some gradients are small throughout: what counts is the difference beside the largest element, unless all are to be 0.
    private static void AssertClosePart(Tensor expected, Tensor actual)
    {
        var most = expected.abs().max().item<float>();
        if (most < 1e-9) AssertClose(expected, actual);
        else AssertClose(expected / most, actual / most);
    }

    private static int[] Shape(JsonElement sizes) => [.. sizes.EnumerateArray().Select(size => size.GetInt32())];
}
