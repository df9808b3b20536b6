using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Text.Metrics;

namespace KdService.Distillation.Training;

/// <summary>Names the items of a plan's work and plans it all.</summary>
internal static class WorkItems
{
    /// <summary>The teacher's answers on selection and test samples, which students are compared with.</summary>
    public const string Reference = "reference";

    /// <summary>Evaluations on corrupted pictures, and on the same ones as they are.</summary>
    public const string Corruptions = "corruptions";

    /// <summary>Samples attacked.</summary>
    public static string Attack(Attack attack) => $"attack {attack.Label}";

    /// <summary>Evaluations on other data.</summary>
    public static string Other(OtherData other) => $"evaluation on {other.Dataset.Title}";

    /// <summary>Answers for a leaderboard.</summary>
    public static string Submission(LeaderboardPart part) => $"answers for {GlueSubmission.FileName(part.Source)}";

    /// <summary>Optimiser steps of a stage.</summary>
    public static string Steps(Stage stage) => $"steps of {stage.Name}";

    /// <summary>Teacher passes of a stage.</summary>
    public static string Teacher(Stage stage) => $"teacher of {stage.Name}";

    /// <summary>Evaluations of a network.</summary>
    public static string Evaluation(string model) => $"evaluation of {model}";

    /// <summary>Enters a plan's work into a ledger; backward costs about twice forward.</summary>
    public static void PlanAll(WorkLedger ledger, Plan plan, TrainingData data)
    {
        var (selectionSamples, testSamples) = (data.Selection.Count, data.Test.Count);
        double Cost(string model) => plan.MultiplyAdds(model);
        foreach (var stage in plan.Stages)
        {
            var taught = stage.Curriculum?.Sources.Where(source => stage.Peers.All(peer => peer.Trains != source)).Sum(Cost) ?? 0;
            var live = stage.Curriculum is not null && Showing.SignalOf(plan, stage) == TeacherSignal.Live;
            var learners = Cost(stage.Trains) + stage.Peers.Sum(peer => Cost(peer.Trains));
            ledger.Plan(Steps(stage), (long)stage.Epochs * plan.TrainSamples, 3 * learners + (live ? taught : 0) + (stage.Augmenter?.MultiplyAdds(plan, stage) ?? 0));
            if (stage.Curriculum is { } curriculum && !live)
            {
                var sources = curriculum.Sources.Count();
                ledger.Plan(Teacher(stage), (long)Showing.TeacherPasses(plan, stage) * sources * plan.TrainSamples, taught / sources);
            }
            var evaluations = (stage.Epochs + plan.Evaluation.EveryEpochs - 1) / plan.Evaluation.EveryEpochs;
            ledger.Plan(Evaluation(stage.Trains), (long)evaluations * selectionSamples, Cost(stage.Trains));
        }
        foreach (var model in plan.Stages.Select(stage => stage.Trains).Distinct()) ledger.Plan(Evaluation(model), 2L * testSamples, Cost(model));
        // Under the paper protocol both are the test samples.
        var reference = plan.Evaluation.Protocol == Protocol.Paper ? testSamples : selectionSamples + testSamples;
        if (plan.Teacher is { } teacher) ledger.Plan(Reference, reference, Cost(teacher.Id));
        PlanRobustness(ledger, plan, data, Cost(plan.Result));
        foreach (var part in data.Submission) ledger.Plan(Submission(part), part.Samples.Count, Cost(plan.Result));
        if (plan.Diagnosis) PlanDiagnosis(ledger, plan, plan.TrainSamples);
    }

    private static void PlanRobustness(WorkLedger ledger, Plan plan, TrainingData data, double cost)
    {
        var testSamples = data.Test.Count;
        foreach (var attack in plan.Evaluation.Attacks)
            ledger.Plan(Attack(attack), Math.Min(attack.Samples, testSamples), attack.PassesPerSample(plan.Dataset.Shape) * cost);
        foreach (var (other, samples) in data.AlsoOn)
        {
            ledger.Plan(Other(other), samples.Count, cost);
            if (plan.Teacher is { } teacher) ledger.Plan(Reference, samples.Count, plan.MultiplyAdds(teacher.Id));
        }
        if (plan.Evaluation.Corruptions is { } corruptions)
            ledger.Plan(Corruptions, Math.Min(corruptions.Samples, testSamples) * (1L + corruptions.Kinds.Count * corruptions.Severities.Count), cost);
    }

    /// <summary>Enters the work of a diagnosis: the answers of teacher and student on the training samples.</summary>
    public static void PlanDiagnosis(WorkLedger ledger, Plan plan, int trainSamples)
    {
        ledger.Plan(Reference, trainSamples, plan.MultiplyAdds(plan.Teacher!.Id));
        ledger.Plan(Evaluation(plan.Result), trainSamples, plan.MultiplyAdds(plan.Result));
    }
}
