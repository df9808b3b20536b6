using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Distillation.Weights;

namespace KdService.Distillation.Tests.Training;

/// <summary>What methods come to when they are run.</summary>
public sealed class MethodTests
{
    [Fact]
    public void ProKd_WithOneCheckpoint_IsAnnealingKd() =>
        Assert.Equal(Trained(new AnnealingKd { MaxTemperature = 2 }), Trained(new ProKd { MaxTemperature = 2, Checkpoints = 1 }));

    [Fact]
    public void ProKd_WithOneCheckpointAndOneTemperature_IsLogitMseThenLabels() => Assert.Equal(
        Trained("""
            {"name": "custom", "stages": [
                {"name": "general", "epochs": 2, "losses": [{"objective": {"name": "logit_mse"}}]},
                {"name": "labels", "epochs": 2, "losses": [{"objective": {"name": "cross_entropy"}}], "start_from": {"stage": "general"}}]}
            """),
        Trained(new ProKd { MaxTemperature = 1, Checkpoints = 1 }));

    [Fact]
    public void ProKd_OverSeveralCheckpoints_IsTaughtByEachInTurn()
    {
        var plan = RecordedRun.Plan(new ProKd { MaxTemperature = 1, GeneralEpochs = 4, Checkpoints = 2 }, epochs: 5, Gently, change: spec => spec with { Teacher = spec.Teacher! with { Training = spec.Training with { Epochs = 10 } } });
        Assert.Equal([5, 5, 10, 10], plan.Stages[0].Curriculum!.Route);
        Assert.NotEqual(Trained(plan), Trained(plan with { Stages = [plan.Stages[0] with { Curriculum = plan.Stages[0].Curriculum! with { Route = [10, 10, 10, 10] } }, plan.Stages[1]] }));
    }

    [Fact]
    public void Rco_Greedily_GoesToAnAnchorAtATimeAtLeast()
    {
        using var folder = new TemporaryFolder();
        var anchors = new List<int>();
        RecordedRun.Of(RecordedRun.Plan(new Rco { Search = AnchorSearch.Greedy, Anchors = 3, EveryEpochs = 1, Threshold = 1 }, epochs: 3), folder.Path, happened =>
        {
            if (happened is not CheckpointWritten { Kind: CheckpointKind.Resume } written || !File.Exists(Path.Combine(folder.Path, written.Path))) return;
            var (tensors, metadata) = Safetensors.Read(Path.Combine(folder.Path, written.Path));
            foreach (var tensor in tensors.Values) tensor.Dispose();
            using var header = System.Text.Json.JsonDocument.Parse(metadata["kdservice.resume"]);
            if (header.RootElement.TryGetProperty("anchor", out var anchor)) anchors.Add(anchor.GetProperty("index").GetInt32());
        }, checkpointSeconds: 0);
        Assert.Equal(anchors.Order(), anchors);
        Assert.Equal(0, anchors[0]);
        Assert.Equal(2, anchors[^1]);
    }

    [Fact]
    public void Ensemble_OfTheTeacherAndItself_IsTheTeacher()
    {
        // The member starts from the teacher's seed and hardly moves; live and kept logits take the same way.
        var plan = RecordedRun.Plan(new EnsembleKd { Members = [RecordedRun.Network], MemberEpochs = 1 }, epochs: 2);
        var still = new Sgd { LearningRate = 1e-38, WeightDecay = 0, Momentum = 0 };
        plan = plan with
        {
            Models = [.. plan.Models.Select(model => model.Id == "member_1" ? model with { Seed = 5 } : model)],
            Stages = [plan.Stages[0] with { Optimizer = still }, plan.Stages[1]],
        };
        var report = Report(plan);
        Assert.Equal(["teacher", "member_1", "student"], report.Models.Select(model => model.Id));
        Assert.Equal(2 * 2, report.TeacherSignals[0].PassesLive);
    }

    [Fact]
    public void MutualLearning_WithoutWeight_IsTheStudentAlone() =>
        Assert.Equal(Trained(new None()), Trained(new MutualLearning { Peers = ["plane4"], Weight = 0 }));

    [Fact]
    public void BackwardKd_WithoutWeight_IsKd() =>
        Assert.Equal(Trained(new Kd()), Trained(new BackwardKd { Samples = new BackwardPass { Weight = 0 } }));

    [Theory]
    [InlineData("""{"name": "kd", "alpha": 0, "standardise": true}""")]
    [InlineData("""{"name": "kd_pt", "alpha": 0}""")]
    [InlineData("""{"name": "kd_sim", "alpha": 0}""")]
    [InlineData("""{"name": "kd_pt_sim", "alpha": 0}""")]
    [InlineData("""{"name": "kd_topk", "alpha": 0}""")]
    [InlineData("""{"name": "dkd", "alpha": 0, "beta": 0}""")]
    [InlineData("""{"name": "dist", "weight": 0}""")]
    [InlineData("""{"name": "lskd", "weight": 0, "cross_entropy_weight": 1}""")]
    [InlineData("""{"name": "continuation_kd", "psi_until": 0, "max_temperature": 4}""")]
    [InlineData("""{"name": "label_smoothing", "epsilon": 0}""")]
    public void Method_WithAllWeightOnTheLabels_IsTheStudentAlone(string method) => Assert.Equal(Trained(new None()), Trained(method));

    [Fact]
    public void BackwardKd_ForAnySamples_LeavesTheTeacherAlone()
    {
        var plan = RecordedRun.Plan(new BackwardKd(), epochs: 2, Gently);
        using var folder = new TemporaryFolder();
        RunReport? report = null;
        RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report);
        using var fresh = new TemporaryFolder();
        RunReport? alone = null;
        RecordedRun.Of(RecordedRun.Plan(new Kd(), epochs: 2, Gently), fresh.Path, happened => alone = (happened as RunFinished)?.Report ?? alone);
        Assert.Equal(alone!.Models[0].Best, report!.Models[0].Best);
    }

    [Fact]
    public void Custom_ProKdsRouteWithBackwardPassSamplesAndDecoupledTargets_Runs()
    {
        var plan = RecordedRun.Plan(Json.Read<Method>("""
            {"name": "custom", "stages": [
                {"name": "general", "epochs": 4,
                 "losses": [{"objective": {"name": "cross_entropy"}}, {"weight": 0.9, "warmup_epochs": 2, "objective": {"name": "dkd", "beta": 2}}],
                 "curriculum": {"checkpoints": 2, "anneal_from": 2},
                 "augmenter": {"name": "backward_pass", "steps": 2, "weight": 0.5}},
                {"name": "labels", "epochs": 1, "losses": [{"objective": {"name": "cross_entropy"}}], "start_from": {"stage": "general"}}]}
            """), epochs: 4, Gently);
        var report = Report(plan);
        Assert.InRange(report.Models[^1].Best.Score, 0, 1);
        Assert.Equal(5 * 9, report.Steps);
    }

    [Fact]
    public void Custom_FeaturesOfAPeerAndOfTheFirstOfSeveralTeachers_AreLearntFrom()
    {
        var report = Report(RecordedRun.Plan(Json.Read<Method>("""
            {"name": "custom", "models": [{"id": "other", "model": "plane4"}], "stages": [
                {"name": "mutual", "epochs": 1, "curriculum": {"source": "other"},
                 "losses": [{"objective": {"name": "cross_entropy"}}, {"objective": {"name": "at"}}, {"objective": {"name": "fitnet"}}],
                 "peers": [{"trains": "other", "source": "student", "losses": [{"objective": {"name": "cross_entropy"}}, {"objective": {"name": "sp"}}]}]},
                {"name": "beside", "epochs": 1, "losses": [{"objective": {"name": "kd"}}],
                 "peers": [{"trains": "other", "source": "teacher", "losses": [{"objective": {"name": "rkd"}}]}]},
                {"name": "other", "trains": "other", "epochs": 1, "losses": [{"objective": {"name": "cross_entropy"}}]},
                {"name": "ensemble", "epochs": 1, "curriculum": {"source": "teacher", "with": ["other"]},
                 "losses": [{"objective": {"name": "kd"}}, {"objective": {"name": "at"}}]}]}
            """), epochs: 4, Gently));
        Assert.Equal(4 * 9, report.Steps);
    }

    // Logits of networks that have learnt nothing are large.
    private static Sgd Gently { get; } = new() { LearningRate = 1e-3 };

    private static byte[] Trained(string method) => Trained(Json.Read<Method>(method));

    private static byte[] Trained(Method method) => Trained(RecordedRun.Plan(method, epochs: 4, Gently));

    private static byte[] Trained(Plan plan)
    {
        using var folder = new TemporaryFolder();
        Assert.True(RecordedRun.Of(plan, folder.Path, _ => { }));
        var (tensors, _) = Safetensors.Read(Path.Combine(folder.Path, "student.last.safetensors"));
        return [.. tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => entry.Value.bytes.ToArray())];
    }

    private static RunReport Report(Plan plan)
    {
        using var folder = new TemporaryFolder();
        RunReport? report = null;
        Assert.True(RecordedRun.Of(plan, folder.Path, happened => report = (happened as RunFinished)?.Report ?? report));
        return report!;
    }
}
