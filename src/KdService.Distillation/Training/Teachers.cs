using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Weights;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>The trained networks of a run: the teacher that came with it, checkpoints of its training, and what earlier stages made.</summary>
internal sealed class Teachers : IDisposable
{
    private readonly RunContext _run;
    private readonly RunState _state;

    /// <summary>Loads the plan's teacher, if it has one.</summary>
    /// <exception cref="RunException">Its weights are missing, or not of its network.</exception>
    public Teachers(RunContext run, RunState state)
    {
        (_run, _state) = (run, state);
        Main = run.Plan.Teacher is not { } model ? null : model.Imported is { } imported ? Teaching(model, FromFolder(model, imported)) : FromInput(model, model.WeightsInput);
    }

    /// <summary>The plan's teacher, which students are compared with; null without one.</summary>
    public TeacherNetwork? Main { get; }

    /// <summary>A network that has arrived where its training was going: the plan's teacher, which belongs to this, or a copy of what an earlier stage made.</summary>
    /// <param name="id">Its id in the plan.</param>
    /// <param name="weights">Which of an earlier stage's weights.</param>
    public TeacherNetwork Arrived(string id, WeightsOf weights)
    {
        if (id == Main?.Id) return Main;
        return Teaching(_run.Plan.Model(id), Copy(id, weights));
    }

    /// <summary>A generator with the best weights of the latest earlier stage that trained it, else with those of its imported model; the caller's.</summary>
    /// <exception cref="RunException">Its weights are missing, or not of its network.</exception>
    public MaskedLanguageModel Generator(string id)
    {
        var model = _run.Plan.Model(id);
        if (_run.Plan.Stages.Take(_state.Stage).Any(stage => stage.Trains == id)) return (MaskedLanguageModel)Copy(id, WeightsOf.Best).to(_run.Device);
        if (model.Imported is not { } imported) throw new RunException(FailureCode.InvalidPlan, $"models: {id} given, a generator that no earlier stage has trained and that is no imported model");
        _run.Log.LogInformation("{Model} is model {Imported}, with its masked-LM head", id, imported);
        return (MaskedLanguageModel)FromFolder(model, imported).to(_run.Device);
    }

    /// <summary>A network as it was after an epoch of its training; the caller's.</summary>
    /// <exception cref="RunException">The checkpoint is missing, or not of the network.</exception>
    public TeacherNetwork Checkpoint(string id, int epoch)
    {
        var model = _run.Plan.Model(id);
        return FromInput(model, Curriculum.InputOf(model.WeightsInput ?? id, epoch));
    }

    /// <inheritdoc />
    public void Dispose() => Main?.Dispose();

    private nn.Module<Tensor, Tensor> Copy(string id, WeightsOf weights)
    {
        var network = _run.Build(_run.Plan.Model(id));
        _state.Trained(_run.Plan, id)[weights].CopyTo(network);
        return network;
    }

    private nn.Module<Tensor, Tensor> FromFolder(ModelPlan model, string imported)
    {
        var network = _run.Build(model);
        var fit = HuggingFaceFolder.Load(network, _run.FolderOf(imported));
        if (fit.Fresh.Count > 0) throw new RunException(FailureCode.WeightsMismatch, $"model {imported} lacks {string.Join(", ", fit.Fresh)}; a {(model.Role == ModelRole.Generator ? "generator" : "teacher")} has a whole head");
        if (model.Role == ModelRole.Teacher) SayClasses(imported);
        return network;
    }

    // A model whose classes have other names is taken at its user's word; where the names are the same, their order was compared at submit.
    private void SayClasses(string imported)
    {
        if (_run.Plan.Dataset is not TextDataset { Target: Target.Class } texts) return;
        var labels = HuggingFaceFolder.ReadConfig(_run.FolderOf(imported)).Labels;
        if (labels.Count > 0 && !labels.SequenceEqual(texts.LabelNames, StringComparer.OrdinalIgnoreCase))
            _run.Log.LogWarning("the classes of model {Imported} are called {Given}; they are taken for {Names}, in this order", imported, string.Join(", ", labels), string.Join(", ", texts.LabelNames));
    }

    private TeacherNetwork FromInput(ModelPlan model, string? input)
    {
        if (input is null || !_run.Request.Inputs.TryGetValue(input, out var file))
            throw new RunException(FailureCode.InvalidPlan, $"inputs: no {input ?? "weights"} given; model {model.Id} needs its weights");
        var network = _run.Build(model);
        WeightsFile.Load(network, Path.Combine(_run.Folder, file));
        return Teaching(model, network);
    }

    private TeacherNetwork Teaching(ModelPlan model, nn.Module<Tensor, Tensor> network)
    {
        using var weights = Snapshot.Of(network);
        return new TeacherNetwork(model.Id, network.to(_run.Device), _run.Precision == Precision.Fp32 ? $"{model.Architecture} {weights.Digest()}" : $"{model.Architecture} {weights.Digest()} {_run.Precision}");
    }
}
