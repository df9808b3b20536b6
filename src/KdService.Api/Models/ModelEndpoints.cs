using KdService.Api.Errors;
using KdService.Api.OpenApi;
using KdService.Api.Requests;
using KdService.Core;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Wire;
using KdService.Jobs.Models;

namespace KdService.Api.Models;

/// <summary>What specs may name: networks, and models that were imported with their weights.</summary>
public static class ModelEndpoints
{
    private static readonly IReadOnlyList<ModelView> Catalogue = [.. ArchitectureCatalogue.All.Values.Select(Describe)];

    /// <summary>Maps <c>/models</c>.</summary>
    public static void MapModels(this RouteGroupBuilder v1)
    {
        var models = v1.MapGroup("/models").WithTags("Catalogue");

        models.MapRead("", ListAsync)
            .WithName("list_models")
            .WithSummary("List the networks and the imported models")
            .WithDescription("Every network that a spec may name as teacher, assistant or student, with its parameters for 10 and 100 classes and the arithmetic of one forward pass; those that take vectors, for vectors of the length that clusters has by default; those that take texts, for 128 tokens of a vocabulary of 30,522. Networks for texts of any other size go by the pattern `bert-l4-h256`, `roberta-l4-h256` or `distilbert-l4-h256` (1 to 48 layers, a hidden width that is a multiple of 64 up to 2048), which `GET /v1/models/{id}` takes, too. After the networks the models that were imported, newest first, each with `imported`.")
            .Produces<Page<ModelView>>()
            .Answers(() => new Page<ModelView>([Catalogue[0], ModelExamples.Imported], null));

        models.MapPost("", ImportAsync)
            .WithName("import_model")
            .WithSummary("Import a Hugging Face folder")
            .WithDescription("""
                Takes the files of a folder as `multipart/form-data`, each with its file name: `config.json`, `model.safetensors` (or `model.safetensors.index.json` with its parts), `vocab.txt` or
                `vocab.json` and `merges.txt`, and, if there, `tokenizer_config.json` and `special_tokens_map.json`. A field `name` names the model. With curl:
                `curl -F config=@config.json -F weights=@model.safetensors -F vocabulary=@vocab.txt -F tokenizer=@tokenizer_config.json http://127.0.0.1:5080/v1/models`.
                Config, tensors (names and shapes) and tokenizer are checked before anything is kept, and everything that is wrong is answered at once. Pickles are refused with the way to convert them.
                The same files again are the same model, answered with 200.
                """)
            .TakesFiles("The files of the folder, and a field `name`")
            .Produces<ModelView>(StatusCodes.Status201Created)
            .Produces<ModelView>(StatusCodes.Status200OK)
            .Answers(() => ModelExamples.Imported, StatusCodes.Status201Created)
            .Answers(() => ModelExamples.Imported)
            .Refuses(ProblemKind.BadRequest, ProblemKind.UnsupportedMediaType, ProblemKind.BodyTooLarge, ProblemKind.InvalidDocument);

        models.MapRead("/{id}", GetAsync)
            .WithName("get_model")
            .WithSummary("Show one model")
            .WithDescription("An imported model by its id, with its files, which can be downloaded by their checksums; or a network by its name.")
            .WithPathExample("id", "The id of an imported model, or the name of a network.", "resnet20")
            .Produces<ModelView>()
            .Answers(() => ModelExamples.Imported)
            .Refuses(ProblemKind.ModelNotFound);

        models.MapDelete("/{id}", DeleteAsync)
            .WithName("delete_model")
            .WithSummary("Remove an imported model")
            .WithDescription("Removes an imported model and its files. One that a job needs which has not ended, or which a benchmark has yet to submit, is kept, and answered with 409.")
            .WithPathExample("id", "The model's id.", ModelExamples.Id)
            .Produces(StatusCodes.Status204NoContent)
            .Refuses(ProblemKind.ModelNotFound, ProblemKind.ModelInUse);
    }

    private static async Task<IResult> ListAsync(ModelStore store, CancellationToken cancel) =>
        TypedResults.Ok(new Page<ModelView>([.. Catalogue, .. (await store.ListAsync(cancel)).Select(Describe)], null));

    private static async Task<IResult> ImportAsync(HttpContext context, ModelUpload upload, ModelStore store, CancellationToken cancel)
    {
        using var received = await upload.ReceiveAsync(context, cancel);
        var (model, created) = await store.ImportAsync(received.Folder, received.Name, cancel);
        return created ? TypedResults.Created($"/v1/models/{model.Id}", Describe(model)) : TypedResults.Ok(Describe(model));
    }

    private static async Task<IResult> GetAsync(string id, ModelStore store, CancellationToken cancel)
    {
        if (ArchitectureCatalogue.Find(id) is { } network) return TypedResults.Ok(Describe(network));
        var model = SortableId.IsValid(id) ? await store.FindAsync(id, cancel) : null;
        return TypedResults.Ok(Describe(model ?? throw new ModelNotFoundException(id)));
    }

    private static async Task<IResult> DeleteAsync(string id, ModelStore store, CancellationToken cancel)
    {
        if (!SortableId.IsValid(id)) throw new ModelNotFoundException(id);
        await store.DeleteAsync(id, cancel);
        return TypedResults.NoContent();
    }

    /// <summary>What is told of an imported model.</summary>
    internal static ModelView Describe(StoredModel model)
    {
        var facts = model.Facts;
        var network = ArchitectureCatalogue.Find(facts.Architecture)!;
        var shape = DataShape.Text(facts.Vocabulary.Entries, length: 128, facts.Target ?? Target.Class, Math.Max(1, facts.Outputs));
        return new ModelView(model.Name, network.Family, new Dictionary<string, long> { [$"{facts.Outputs}"] = facts.Parameters }, network.MultiplyAdds(shape))
        {
            Imported = new ImportedView
            {
                Id = model.Id,
                CreatedAt = model.CreatedAt,
                Architecture = facts.Architecture,
                Vocabulary = facts.Vocabulary.Entries,
                VocabularyDigest = facts.Vocabulary.Digest,
                Target = facts.Target,
                MaskedLmHead = facts.MaskedLmHead,
                Labels = facts.Labels,
                Files = [.. facts.Files.Select(file => new ImportedFileView(file.Name, file.Bytes, file.Sha256, $"/v1/artifacts/{file.Sha256}"))],
            },
        };
    }

    private static ModelView Describe(Architecture architecture) => new(
        architecture.Name,
        architecture.Family,
        new Dictionary<string, long> { ["10"] = architecture.Parameters(Example(architecture, 10)), ["100"] = architecture.Parameters(Example(architecture, 100)) },
        architecture.MultiplyAdds(Example(architecture, 10)));

    private static DataShape Example(Architecture architecture, int classes) => architecture.Takes switch
    {
        InputKind.Text => DataShape.Text(vocabulary: 30_522, length: 128, Target.Class, classes),
        InputKind.Vectors => new Clusters().Shape with { Classes = classes },
        _ => DataShape.Pictures(classes),
    };
}
