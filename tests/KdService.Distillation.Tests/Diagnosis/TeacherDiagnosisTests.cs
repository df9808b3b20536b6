using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;
using KdService.Distillation.Diagnosis;
using KdService.Distillation.Objectives;
using KdService.Distillation.Tests.Training;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Diagnosis;

public sealed class TeacherDiagnosisTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    public void Rescaling_OfEverySample_IsTheRatioOfItsGradients(double temperature, bool squared)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var (teacher, logits, labels) = (2 * randn(50, 10), randn(50, 10), randint(0, 10, [50]));
        var loss = new SoftTargets { Alpha = 0.7, Temperature = temperature, TemperatureSquared = squared };
        var report = TeacherDiagnosis.Of(teacher, logits, labels, randn(10, 4), randn(10, 4), loss);
        var ratio = (OfTrueClass(loss) / OfTrueClass(new CrossEntropy())).data<float>().Select(value => (double)value).Order().ToArray();
        Assert.Equal(ratio.Average(), report.Rescaling.Mean, 4);
        Assert.Equal(ratio[0], report.Rescaling.Quantiles[0], 4);
        Assert.Equal(ratio[^1], report.Rescaling.Quantiles[^1], 3);
        Assert.Equal(50, report.Rescaling.Counts.Sum());

        Tensor OfTrueClass(Objective objective)
        {
            var student = logits.detach().clone().requires_grad_();
            var context = new ObjectiveContext { Classes = 10, TrainSamples = 50 };
            ObjectiveFactory.Create(objective, context).Loss(new TrainingBatch { Logits = student, Labels = labels, TeacherLogits = teacher }).backward();
            return student.grad!.gather(1, labels.unsqueeze(1)).squeeze(1);
        }
    }

    [Fact]
    public void Relations_BetweenTwoAlikeClasses_StandOutInBothMatrices()
    {
        using var scope = NewDisposeScope();
        var weights = eye(4);
        weights[1] = tensor(new[] { 0.8f, 0.6f, 0, 0 });
        // Samples of class 0 look like class 1 and the other way round.
        var labels = arange(4).repeat(5);
        var logits = 3 * weights.mm(weights.t()).index_select(0, labels);
        var relations = TeacherDiagnosis.Of(logits, logits, labels, weights, weights, new SoftTargets()).Relations;
        Assert.Equal(0.8, relations.TeacherWeights[0][1], 6);
        Assert.Equal(0, relations.TeacherWeights[0][2], 6);
        Assert.True(relations.TeacherProbabilities[0][1] > relations.TeacherProbabilities[0][2]);
        Assert.Equal(1, relations.WeightsAgree!.Value, 6);
        Assert.Equal(1, relations.ProbabilitiesAgree!.Value, 6);
    }

    [Fact]
    public void Findings_NameTheTwoFailureCasesAndNothingElse()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        var labels = arange(10).repeat(20);
        var truth = nn.functional.one_hot(labels, 10).to(float32);
        // A useful teacher has favourites among the wrong classes, and is not certain.
        var relations = 2 * truth.mm(randn(10, 10));
        Assert.Empty(FindingsOf(4 * truth + relations + 0.3 * randn(200, 10)));
        Assert.Contains("label smoothing", Assert.Single(FindingsOf(4 * truth + 0.01 * randn(200, 10))));
        Assert.Contains("nearly certain", Assert.Single(FindingsOf(15 * truth + relations)));

        IReadOnlyList<string> FindingsOf(Tensor teacher) => TeacherDiagnosis.Of(teacher, randn(200, 10), labels, randn(10, 4), randn(10, 4), new SoftTargets()).Findings;
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.1, true)]
    [InlineData(0.3, true)]
    public void Findings_OnATrainedTeacher_TellLabelSmoothing(double epsilon, bool smoothed)
    {
        Clusters data = new() { Samples = 600, TestSamples = 100 };
        using var folder = new TemporaryFolder();
        Method method = epsilon > 0 ? new LabelSmoothing { Epsilon = epsilon } : new None();
        JobSpec Small(JobSpec spec) => spec with { Dataset = data, Student = new() { Model = "mlp64" }, Teacher = spec.Teacher is null ? null : new() { Model = "mlp64" } };
        Assert.True(RecordedRun.Of(RecordedRun.Plan(method, epochs: 30, change: Small), folder.Path, _ => { }));
        File.Move(Path.Combine(folder.Path, "student.last.safetensors"), Path.Combine(folder.Path, "teacher.safetensors"));
        Assert.True(RecordedRun.Of(RecordedRun.Plan(new Kd(), epochs: 1, change: spec => Small(spec) with { Diagnosis = true }), folder.Path, _ => { }));
        var report = Json.Read<DiagnosisReport>(File.ReadAllText(Path.Combine(folder.Path, "diagnosis.json")));
        Assert.True(smoothed == report.Findings.Any(finding => finding.Contains("label smoothing")), $"evenness {report.Relations.TeacherEvenness}, confidence {report.TeacherConfidence.Mean}");
    }

    [Fact]
    public void Run_ThatIsAskedForIt_LeavesReportAndChart()
    {
        using var folder = new TemporaryFolder();
        var written = new List<string>();
        var plan = RecordedRun.Plan(new Kd { Temperature = 3 }, epochs: 1, change: spec => spec with { Diagnosis = true });
        RecordedRun.Of(plan, folder.Path, happened =>
        {
            if (happened is ArtifactWritten artifact) written.Add(artifact.Name);
        });
        Assert.Contains(DiagnosisReport.FileName, written);
        Assert.Contains(DiagnosisReport.ChartName, written);
        var report = Json.Read<DiagnosisReport>(File.ReadAllText(Path.Combine(folder.Path, DiagnosisReport.FileName)));
        Assert.Equal((144, 3.0, 10), (report.Samples, report.Temperature, report.Relations.StudentWeights.Count));
        var chart = System.Xml.Linq.XDocument.Load(Path.Combine(folder.Path, DiagnosisReport.ChartName));
        Assert.Equal("svg", chart.Root!.Name.LocalName);
    }
}
