using System.Text;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Distillation.Data;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Weights;
using KdService.Text.Folders;
using KdService.Text.Tokenizers;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Writes what a run hands over, and announces it.</summary>
internal sealed class Artifacts(RunContext run)
{
    /// <summary>The report's name.</summary>
    public const string Report = "report.json";

    /// <summary>What a weights file says about itself, so that it can be used without the job.</summary>
    /// <param name="plan">The plan that trained the network.</param>
    /// <param name="model">The network.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="epoch">The stage's epoch, from 1.</param>
    public static Dictionary<string, string> Metadata(Plan plan, string model, Stage stage, int epoch)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "pt",
            ["architecture"] = plan.Model(model).Architecture,
            ["model"] = model,
            ["classes"] = plan.Dataset.Classes.ToString(),
            ["dataset"] = plan.Dataset.Name,
            ["losses"] = Json.Write(stage.Losses),
            ["stage"] = stage.Name,
            ["epoch"] = epoch.ToString(),
            ["seed"] = plan.Seed.ToString(),
        };
        if (plan.Dataset is PictureDataset pictures) (metadata["mean"], metadata["std"]) = (Json.Write(pictures.Mean), Json.Write(pictures.Std));
        if (plan.Dataset is TextDataset texts) (metadata["vocabulary"], metadata["max_length"]) = (texts.Imported?.Digest ?? texts.NamedVocabulary!.Name, texts.MaxLength.ToString());
        return metadata;
    }

    /// <summary>Writes the weights of a trained network: <c>MODEL.best.safetensors</c> and, for the job's own, <c>MODEL.last.safetensors</c>.</summary>
    /// <param name="model">The network.</param>
    /// <param name="stage">Its last stage.</param>
    /// <param name="trained">What the stage made.</param>
    public void WriteWeights(string model, Stage stage, TrainedStage trained)
    {
        Write($"{model}.best.safetensors", trained.Best.Weights, Metadata(run.Plan, model, stage, trained.Best.Epoch));
        if (model == run.Plan.Result) Write($"{model}.last.safetensors", trained.Last, Metadata(run.Plan, model, stage, stage.Epochs));
    }

    /// <summary>Writes the job's own network, which reads texts, as the Hugging Face folder <c>MODEL/</c>, an artifact a file.</summary>
    /// <param name="model">The network.</param>
    /// <param name="weights">Its weights.</param>
    public void WriteFolder(ModelPlan model, Snapshot weights)
    {
        using var scope = NewDisposeScope();
        var dataset = (TextDataset)run.Dataset;
        using var network = (TextNetwork)Networks.Build(model.Architecture, dataset.Shape, seed: null);
        weights.CopyTo(network);
        var tokenizer = Tokenizers.Of(dataset, run.Request.DataRoot);
        var config = new TransformerConfig(network.Size, dataset.Shape.Vocabulary)
        {
            Target = dataset.Target,
            Ends = (tokenizer.StartId, tokenizer.SeparatorId),
            Labels = dataset.Target switch { Target.Class => dataset.LabelNames, Target.Value => ["LABEL_0"], _ => [] },
        };
        var folder = Path.Combine(run.Folder, model.Id);
        TokenizerFolder.Write(tokenizer, folder, Transformer.LongestText);
        HuggingFaceFolder.Write(folder, network, config);
        foreach (var name in Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(FolderFiles.Knows).Order(StringComparer.Ordinal))
            run.Emit(new ArtifactWritten { Name = $"{model.Id}/{name}", Path = $"{model.Id}/{name}", MediaType = Path.GetExtension(name) switch { ".json" => "application/json", ".txt" => "text/plain", _ => "application/octet-stream" } });
    }

    /// <summary>Writes a value as a JSON file: indented where people read it, on one line where it is long.</summary>
    public void WriteJson<T>(string name, T value) => WriteJson(name, Json.Write(value, indented: name == Report) + "\n");

    /// <summary>Writes JSON that has the form another program asks for.</summary>
    public void WriteJson(string name, string json) => WriteText(name, json, "application/json");

    /// <summary>Writes a table whose columns tabs part.</summary>
    public void WriteTable(string name, string lines) => WriteText(name, lines, "text/tab-separated-values");

    /// <summary>Writes a picture.</summary>
    public void WriteSvg(string name, string svg) => WriteText(name, svg, "image/svg+xml");

    private void WriteText(string name, string text, string mediaType)
    {
        AtomicFile.Write(Path.Combine(run.Folder, name), stream => stream.Write(Encoding.UTF8.GetBytes(text)));
        run.Emit(new ArtifactWritten { Name = name, Path = name, MediaType = mediaType });
    }

    private void Write(string name, Snapshot weights, Dictionary<string, string> metadata)
    {
        weights.Write(Path.Combine(run.Folder, name), metadata);
        run.Emit(new ArtifactWritten { Name = name, Path = name, MediaType = "application/octet-stream" });
    }
}
