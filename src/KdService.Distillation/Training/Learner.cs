using KdService.Core.Architectures;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Objectives;
using KdService.Distillation.Weights;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A network that is being trained: its weights, its losses, its optimiser.</summary>
internal sealed class Learner : IDisposable
{
    private readonly OptimizerHelper _optimizer;
    private readonly SumOfLosses _losses;
    private readonly FeatureTaps? _taps;
    private readonly IReadOnlyList<string> _tapNames;
    private readonly double? _maxGradientNorm;
    private Tensor? _logits;

    /// <summary>Builds a network with the weights that the plan starts it with.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="model">The network's id.</param>
    /// <param name="losses">What it minimises.</param>
    /// <param name="curriculum">What teaches it; null without a teacher.</param>
    /// <param name="teachers">Has the networks that are trained already.</param>
    public Learner(RunContext run, Stage stage, string model, IReadOnlyList<LossTerm> losses, Curriculum? curriculum, Teachers teachers)
    {
        var plan = run.Plan;
        (Id, _maxGradientNorm) = (model, stage.MaxGradientNorm);
        Network = run.Build(plan.Model(model), plan.Model(model).Seed);
        Begin(run, plan.Model(model), teachers);
        Network.to(run.Device);
        _losses = new SumOfLosses([.. losses.Select(term => (term, ObjectiveFactory.Create(term.Objective, Context(run, stage, model, term.Objective, curriculum, teachers))))]);
        foreach (var (_, module) in _losses.Modules) module.to(run.Device);
        _optimizer = Optimizers.Create(stage.Optimizer, Network.parameters().Concat(_losses.Modules.SelectMany(part => part.Module.parameters())));
        _tapNames = curriculum is null ? [] : [.. Taps(plan, model, losses, curriculum).Select(pair => pair.Student).Distinct()];
        _taps = _tapNames.Count > 0 ? new FeatureTaps(Network, _tapNames) : null;
    }

    /// <summary>The network's id in the plan.</summary>
    public string Id { get; }

    /// <summary>The network.</summary>
    public nn.Module<Tensor, Tensor> Network { get; }

    /// <summary>What it said of the batch at work, <c>[batch, classes]</c>, with the graph; of a generator <c>[hidden tokens, vocabulary]</c>.</summary>
    public Tensor Logits => _logits ?? throw new InvalidOperationException("the batch has not been seen yet");

    /// <summary>The pairs of features that some losses read.</summary>
    public static IEnumerable<TapPair> Taps(Plan plan, string model, IReadOnlyList<LossTerm> losses, Curriculum curriculum) =>
        losses.SelectMany(term => term.Objective.TapsOf(plan.Network(model), plan.Network(curriculum.Source), plan.Dataset));

    /// <summary>Lets the network see a batch.</summary>
    /// <param name="inputs">Inputs <c>[batch, ...]</c>.</param>
    /// <param name="hidden">The tokens that a generator is to guess, bool <c>[batch, length]</c>; null for any other network.</param>
    public void See(Tensor inputs, Tensor? hidden = null) => _logits = hidden is null ? Network.call(inputs) : ((MaskedLanguageModel)Network).At(inputs, hidden);

    /// <summary>Goes back from the batch's loss to the gradients of all that learns; returns the loss.</summary>
    /// <param name="batch">The batch; its logits and features are filled in here.</param>
    public Tensor Learn(TrainingBatch batch)
    {
        var loss = _losses.Loss(_taps is null ? batch : batch with { Features = _tapNames.ToDictionary(name => name, name => _taps[name]) });
        _optimizer.zero_grad();
        loss.backward();
        return loss;
    }

    /// <summary>Takes the optimiser's step.</summary>
    public void Step(double learningRate)
    {
        if (_maxGradientNorm is { } norm) nn.utils.clip_grad_norm_(Network.parameters(), norm);
        foreach (var group in _optimizer.ParamGroups) group.LearningRate = learningRate;
        _optimizer.step();
        _logits = null;
    }

    /// <summary>What of the learner is not the network: the optimiser's tensors (its own), and copies of what the losses remember.</summary>
    public LearnerState State() => new(
        Snapshot.Of(Network),
        Optimizers.State(_optimizer),
        _losses.Modules.SelectMany(part => part.Module.state_dict().Select(entry => ($"{part.Name}.{entry.Key}", entry.Value))).ToDictionary(entry => entry.Item1, entry => entry.Value));

    /// <summary>Takes up where a checkpoint was.</summary>
    /// <exception cref="RunException">The checkpoint is of something else.</exception>
    public void Restore(LearnerState saved)
    {
        saved.Network.CopyTo(Network);
        Optimizers.Restore(_optimizer, saved.Optimizer);
        foreach (var (name, module) in _losses.Modules)
        {
            var prefix = $"{name}.";
            // The tensors stay the checkpoint's.
            new Snapshot(saved.Losses.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value))
                .CopyTo(module);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _taps?.Dispose();
        _optimizer.Dispose();
        _losses.Dispose();
        Network.Dispose();
    }

    // Replaces weights that were drawn from the seed by those that the plan begins with.
    private void Begin(RunContext run, ModelPlan model, Teachers teachers)
    {
        if (model.Imported is { } imported)
        {
            var fit = HuggingFaceFolder.Load(Network, run.FolderOf(imported), encoderOnly: !model.ImportedHead);
            run.Log.LogInformation("{Model} begins with the weights of model {Imported}; drawn from the seed: {Fresh}; left out: {Ignored}",
                model.Id, imported, InWords(fit.Fresh), InWords(fit.Ignored));
        }
        if (model.TeacherLayers is { } layers && Network is TextNetwork student && teachers.Main?.Network is TextNetwork teacher)
        {
            StudentInit.FromLayers(student, teacher, layers);
            run.Log.LogInformation("{Model} begins with layers {Layers} of the teacher and its embeddings; its head is drawn from the seed", model.Id, string.Join(", ", layers));
        }

        static string InWords(IReadOnlyList<string> names) => names.Count == 0 ? "nothing" : string.Join(", ", names);
    }

    private static ObjectiveContext Context(RunContext run, Stage stage, string model, Objective objective, Curriculum? curriculum, Teachers teachers)
    {
        var plan = run.Plan;
        var context = new ObjectiveContext { Classes = plan.Dataset.Classes, TrainSamples = plan.TrainSamples, TrainLabels = run.Data.Train.Labels, Epochs = stage.Epochs, Device = run.Device };
        Tap Tap(Architecture network, string name) => network.FindTap(name, plan.Dataset)
            ?? throw new RunException(FailureCode.InvalidPlan, $"taps: {name} given; {network.Name} has no such tap");
        if (curriculum is null) return context;
        var (student, teacher) = (plan.Network(model), plan.Network(curriculum.Source));
        return context with
        {
            TeacherClassifier = curriculum.With.Count == 0 && curriculum.Source == teachers.Main?.Id ? teachers.Main.Classifier : null,
            Taps = [.. objective.TapsOf(student, teacher, plan.Dataset).Select(pair =>
                (Tap(student, pair.Student), Tap(teacher, pair.Teacher)))],
        };
    }
}

/// <summary>All that a learner needs to go on.</summary>
/// <param name="Network">Its weights.</param>
/// <param name="Optimizer">What the optimiser remembers, by name.</param>
/// <param name="Losses">What the losses remember, by name.</param>
internal sealed record LearnerState(Snapshot Network, IReadOnlyDictionary<string, Tensor> Optimizer, IReadOnlyDictionary<string, Tensor> Losses);
