using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Distillation.Models;
using KdService.Distillation.Weights;
using KdService.Tests;
using KdService.Text.Folders;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests;

/// <summary>Hugging Face folders of networks that read phrases, with weights that are drawn.</summary>
internal static class DrawnFolder
{
    /// <summary>Writes a folder.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="architecture">The network.</param>
    /// <param name="target">What it predicts: one of the phrases' classes, a span, or words.</param>
    /// <param name="seed">Draws its weights.</param>
    public static ImportedModel Write(string folder, string architecture, Target target = Target.Class, long seed = 5)
    {
        using var scope = NewDisposeScope();
        SmallFolder.Write(folder, architecture, target: target);
        var shape = DataShape.Text(PhraseWords.Vocabulary.Count, length: 32, target == Target.Word ? Target.Class : target, target == Target.Span ? 2 : 3);
        using var network = Networks.Build(architecture, target == Target.Word ? shape.OfWords : shape, seed);
        Safetensors.Write(Path.Combine(folder, FolderFiles.Weights), network.state_dict().Select(entry => (entry.Key, entry.Value)));
        var problems = new ProblemList();
        var model = ModelFolder.Read(folder, problems);
        Assert.Empty(problems.Items);
        Assert.Equal((target == Target.Word ? null : target, target == Target.Word), (model!.Target, model.MaskedLmHead));
        return model;
    }
}
