using KdService.Core.Jobs;
using KdService.Core.Plans;

namespace KdService.Distillation.Objectives;

/// <summary>From an objective as data to the loss itself.</summary>
public static class ObjectiveFactory
{
    /// <summary>The loss that a stage asks for.</summary>
    /// <exception cref="RunException">This trainer does not know the objective.</exception>
    public static IObjective Create(Objective objective, ObjectiveContext context) => objective switch
    {
        CrossEntropy crossEntropy => new CrossEntropyLoss(crossEntropy),
        SoftTargets softTargets => new SoftTargetLoss(softTargets),
        LogitMse logitMse => new LogitMseLoss(logitMse),
        Continuation continuation => new ContinuationLoss(continuation, context.Epochs),
        PartialTargets partial => new PartialTargetLoss(partial, context),
        DecoupledTargets decoupled => new DecoupledTargetLoss(decoupled),
        Correlations correlations => new CorrelationLoss(correlations),
        HintRegression => new HintRegressionLoss(context),
        AttentionTransfer attention => new AttentionTransferLoss(attention, context),
        SimilarityPreserving => new SimilarityPreservingLoss(context),
        RelationalStructure relational => new RelationalStructureLoss(relational, context),
        ProbabilisticTransfer => new ProbabilisticTransferLoss(context),
        ContrastiveRepresentation contrastive => new ContrastiveRepresentationLoss(contrastive, context),
        MaskedTokens => new MaskedTokensLoss(),
        KnowledgeReview => new KnowledgeReviewLoss(context),
        PatientStates => new PatientStateLoss(context),
        AttentionScores => new AttentionScoreLoss(context),
        HiddenStates => new HiddenStateLoss(context),
        StateDirections => new StateDirectionLoss(context),
        _ => throw new RunException(FailureCode.InvalidPlan, $"objective: {objective.GetType().Name} given; this trainer has no such loss"),
    };
}
