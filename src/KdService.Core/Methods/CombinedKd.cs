using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Li et al. (2021): Annealing-KD with MATE-KD's generator in stage I, <c>1/2 MSE(z_S(x'), a z_T(x')) + 1/2 MSE(z_S(x), a z_T(x))</c>, where
/// the generator raises <c>MSE(z_S(e'), z_T(e'))</c> with a teacher that is not annealed. Stage II: cross-entropy with the labels from the
/// best weights of stage I, without a generator.
/// </summary>
[Method("combined_kd", "Combined-KD", "Annealing-KD whose first stage distils on texts and on others that a masked language model, trained against the student, makes of them.",
    Paper = "Li, Rashid, Jafari, Sharma, Ghodsi, Rezagholizadeh: How to Select One Among All? An Extensive Empirical Study Towards the Robustness of Knowledge Distillation in Natural Language Understanding, Findings of EMNLP 2021, arXiv 2109.05696",
    Evidence = "[read: official code] the form of the script for RoBERTa; the one for BERT leaves the loss on altered texts out and has 1/2 cross-entropy with the labels in its place, and both let the generator take its batches in stage II as well, which is not reproduced; the annealing factor is clamped to 1; the generator's weights, pre-trained there, are those of an imported model or come from a stage of ours",
    TextsOnly = true, Example = """{"name": "combined_kd", "generator": "bert-l1-h64", "pretraining_epochs": 10}""")]
public sealed record CombinedKd : GeneratorMethod
{
    /// <summary>The number of annealing steps.</summary>
    [Field("The highest temperature, and so the number of annealing steps; stage I needs at least as many epochs.", Min = 1, Max = 100, Evidence = "[read: official script] 10 for RoBERTa, 14 for BERT")]
    public int MaxTemperature { get; init; } = AnnealingStages.UsualMaxTemperature;

    /// <summary>Epochs of stage I.</summary>
    [Field("Epochs of stage I out of training.epochs; three quarters of them when left out.", Min = 1, Max = 100_000, Evidence = "[read: official script] 30 of 40 for RoBERTa, 30 of 36 for BERT")]
    public int? AnnealingEpochs { get; init; }

    /// <summary>Weight of altered texts.</summary>
    [Field("Weight of the squared difference on altered texts in stage I; the texts themselves have the rest.", Min = 0, Max = 1, Evidence = "[read: official code]")]
    public double SampleWeight { get; init; } = 0.5;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        base.Validate(spec, problems);
        AnnealingStages.Check(Name, spec.Training.Epochs, FirstStage, MaxTemperature, problems);
    }

    /// <inheritdoc />
    public override void Compile(PlanBuilder plan)
    {
        var epochs = plan.Spec.Training.Epochs;
        AddGenerator(plan);
        plan.Add(plan.NewStage("annealing", PlanBuilder.Student, FirstStage(epochs)) with
        {
            Losses = [new LossTerm { Weight = 1 - SampleWeight, Objective = new LogitMse() }],
            Curriculum = PlanBuilder.FromTeacher with { AnnealFrom = MaxTemperature },
            Augmenter = Samples(SampleWeight, GeneratorDivergence.Logits),
        });
        plan.Add("labels", PlanBuilder.Student, epochs - FirstStage(epochs), new CrossEntropy(), startFrom: new StartFrom("annealing", WeightsOf.Best));
    }

    private int FirstStage(int epochs) => AnnealingEpochs ?? Math.Max(1, epochs * 3 / 4);
}
