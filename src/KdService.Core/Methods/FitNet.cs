using KdService.Core.Plans;
using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>Romero et al. (2015) as the tables of RepDistiller have it: hints beside the labels, in one stage.</summary>
[Method("fitnet", "FitNet", "Regresses the teacher's map from the student's, beside the labels.",
    Paper = "Romero et al.: FitNets: Hints for Thin Deep Nets, ICLR 2015, arXiv 1412.6550",
    Evidence = "[read: RepDistiller, mdistiller] one stage with a learned convolution, batch norm and ReLU from the second stage's map to the second stage's; the paper's own training of the hint before the rest is not reproduced")]
public sealed record FitNet : FeatureMethod
{
    /// <inheritdoc />
    [Field("Weight of the squared differences.", Min = 0, ExclusiveMin = true, Max = 10_000_000, Evidence = "[read: RepDistiller, mdistiller]")]
    public override double FeatureWeight { get; init; } = 100;

    /// <inheritdoc />
    protected override FeatureObjective Features => new HintRegression { Layers = Layers };
}
