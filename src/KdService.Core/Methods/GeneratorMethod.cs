using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// Methods whose samples a masked language model makes: an imported one, or one that a first stage has learn the language of the training
/// texts.
/// </summary>
public abstract record GeneratorMethod : Method
{
    private const string Id = "generator";
    private const string DefaultGenerator = "bert-mini";
    private const int DefaultPretrainingEpochs = 3;

    /// <summary>The generator's network.</summary>
    [Field("The generator's network, of the same vocabulary as all networks of the job; bert-mini when left out. Instead of imported_generator.", MaxLength = 64, Evidence = "[read: KDNLP] 4 layers of width 256 for BERT; distilroberta for RoBERTa")]
    public string? Generator { get; init; }

    /// <summary>An imported model that is the generator.</summary>
    [Field("The id of an imported model that is the generator, with its masked-LM head; with kd run, a Hugging Face folder. Instead of generator.", MaxLength = 1024, Evidence = "[read: KDNLP] a generator pre-trained at large")]
    public string? ImportedGenerator { get; init; }

    /// <summary>Epochs of the generator's own training.</summary>
    [Field("Epochs in which the generator first learns to guess hidden tokens of the training texts; beside training.epochs. When left out 3, and none for an imported generator, which has learnt to.", Min = 1, Max = 100_000, Evidence = "ours: the papers' generators are pre-trained at large")]
    public int? PretrainingEpochs { get; init; }

    /// <summary>Learning rate of the generator's own training.</summary>
    [Field("Learning rate of AdamW in these epochs, falling evenly to nothing.", Min = 0, ExclusiveMin = true, Max = 10, Evidence = "ours")]
    public double PretrainingLearningRate { get; init; } = 5e-4;

    /// <summary>The part of the tokens that is hidden.</summary>
    [Field("The part of the tokens that is hidden from the generator, special ones never.", Min = 0, ExclusiveMin = true, Max = 1, Evidence = "[read: KDNLP] 0.3, each behind the mask")]
    public double MaskProbability { get; init; } = 0.3;

    /// <summary>Temperature of the Gumbel softmax.</summary>
    [Field("Temperature of the Gumbel softmax that draws the words.", Min = 0, ExclusiveMin = true, Max = 1000, Evidence = "[read: KDNLP]")]
    public double GumbelTemperature { get; init; } = 1;

    /// <summary>Batches of a round that train the generator.</summary>
    [Field("Batches of each round that train the generator, its first; the student does not see them.", Min = 0, Max = 1_000_000, Evidence = "[read: KDNLP]")]
    public int GeneratorBatches { get; init; } = 10;

    /// <summary>Batches of a round that train the student.</summary>
    [Field("Batches of each round that train the student.", Min = 1, Max = 1_000_000, Evidence = "[read: KDNLP]")]
    public int StudentBatches { get; init; } = 100;

    /// <summary>Learning rate of the generator while it seeks where the networks disagree.</summary>
    [Field("Learning rate of the generator's AdamW while it seeks where teacher and student disagree.", Min = 0, Max = 10, Evidence = "[read: KDNLP] for a generator pre-trained at large")]
    public double GeneratorLearningRate { get; init; } = 5e-7;

    /// <inheritdoc />
    public override void Validate(JobSpec spec, ProblemList problems)
    {
        if (ImportedGenerator is null) SpecValidation.RequireNetwork(Generator ?? DefaultGenerator, spec.Dataset, "/method/generator", problems);
        else problems.Require(Generator is null, "/method/generator", "given with imported_generator; an imported model has its network");
    }

    /// <summary>Adds the generator and, unless it has learnt it, the stage in which it learns the language of the texts.</summary>
    protected void AddGenerator(PlanBuilder plan)
    {
        if (ImportedGenerator is { } imported) plan.AddGenerator(Id, imported, ImportsOfSpec.GeneratorPlace);
        else plan.AddModel(Id, ModelRole.Generator, Generator ?? DefaultGenerator);
        if ((PretrainingEpochs ?? (ImportedGenerator is null ? DefaultPretrainingEpochs : null)) is not { } epochs) return;
        plan.Add(plan.NewStage(Id, Id, epochs) with
        {
            Losses = [new LossTerm { Objective = new MaskedTokens { MaskProbability = MaskProbability } }],
            Optimizer = new AdamW { LearningRate = PretrainingLearningRate },
            Schedule = new LinearDecay(),
        });
    }

    /// <summary>The samples that it makes.</summary>
    /// <param name="weight">The factor on their loss.</param>
    /// <param name="divergence">How teacher and student are compared on them.</param>
    protected MaskedGenerator Samples(double weight, GeneratorDivergence divergence) => new()
    {
        Weight = weight,
        Generator = Id,
        Divergence = divergence,
        MaskProbability = MaskProbability,
        GumbelTemperature = GumbelTemperature,
        GeneratorBatches = GeneratorBatches,
        StudentBatches = StudentBatches,
        LearningRate = GeneratorLearningRate,
    };
}
