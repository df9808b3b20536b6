using KdService.Api.OpenApi;
using KdService.Core.Datasets;
using KdService.Core.Weights;
using KdService.Core.Wire;
using KdService.Jobs.Models;

namespace KdService.Api.Models;

/// <summary>What the documentation shows of imported models.</summary>
internal static class ModelExamples
{
    /// <summary>An id.</summary>
    public const string Id = "01jzc0f2w8k5m3v7q9x1n4b6dr";

    /// <summary>A BERT-tiny that tells two classes apart.</summary>
    public static ModelView Imported => ModelEndpoints.Describe(new StoredModel(Id, "sst2-teacher", new ImportedModel
    {
        Architecture = "bert-tiny",
        Vocabulary = new ImportedVocabulary(30_522, Examples.Sha256),
        Target = Target.Class,
        Outputs = 2,
        Labels = ["negative", "positive"],
        Parameters = 4_386_178,
        Files = [new("config.json", 812, Examples.Sha256), new("model.safetensors", 17_548_808, Examples.Sha256), new("vocab.txt", 231_508, Examples.Sha256)],
        Digest = Examples.Sha256,
    }, new DateTimeOffset(2026, 7, 3, 9, 0, 0, TimeSpan.Zero)));
}
