using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Specs;

namespace KdService.Distillation.Tests.Training;

public sealed class ClustersRunTests
{
    [Fact]
    public void NetworksOfVectors_LearnFromLabelsAndFromATeacher()
    {
        using var folder = new TemporaryFolder();
        // Guessing would be right about one in 12.
        var teacher = Accuracy("mlp256", new None(), folder.Path);
        Assert.InRange(teacher, 0.3, 1);
        File.Copy(Path.Combine(folder.Path, "student.best.safetensors"), Path.Combine(folder.Path, "teacher.safetensors"));
        Assert.InRange(Accuracy("mlp64", new Kd(), folder.Path), 0.3, 1);
    }

    private static double Accuracy(string network, Method method, string folder)
    {
        var plan = RecordedRun.Plan(method, epochs: 12, change: spec => spec with
        {
            Dataset = new Clusters { Samples = 2000, TestSamples = 500, Dimension = 16, Superclasses = 4, ClassesPerSuperclass = 3, Sines = 1 },
            Teacher = method.NeedsTeacher ? new TeacherSpec { Model = "mlp256" } : null,
            Student = new StudentSpec { Model = network },
        });
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder, happened => report = (happened as RunFinished)?.Report ?? report));
        return report!.Models.Single(model => model.Id == PlanBuilder.Student).Best.Score;
    }
}
