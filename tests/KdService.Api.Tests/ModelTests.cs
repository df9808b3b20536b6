using System.Net;
using System.Net.Http.Headers;
using System.Text;
using KdService.Core.Wire;
using KdService.Tests;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class ModelTests(Service service) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Import_OfAFolder_IsListedShownDownloadedAndRemoved()
    {
        Write(words: 21);
        using var response = await service.Http.PostAsync("/v1/models", Form("reviews"));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var model = await Service.ReadAsync<ModelView>(response);
        var imported = model.Imported!;
        Assert.Equal($"/v1/models/{imported.Id}", $"{response.Headers.Location}");
        Assert.Equal(("reviews", "bert-l1-h64", 26), (model.Name, imported.Architecture, imported.Vocabulary));
        Assert.Equal(["negative", "neutral", "positive"], imported.Labels);
        Assert.False(imported.MaskedLmHead);

        Assert.Contains((await service.GetAsync<Page<ModelView>>("/v1/models")).Items, listed => listed.Imported?.Id == imported.Id);
        Assert.Equal(imported.VocabularyDigest, (await service.GetAsync<ModelView>($"/v1/models/{imported.Id}")).Imported!.VocabularyDigest);
        foreach (var file in imported.Files)
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(_folder.FullName, file.Name)), await service.Http.GetByteArrayAsync(file.Url));

        using var removed = await service.Http.DeleteAsync($"/v1/models/{imported.Id}");
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await Service.ProblemAsync(await service.Http.GetAsync($"/v1/models/{imported.Id}"), 404, "model-not-found");
        await Service.ProblemAsync(await service.Http.GetAsync(imported.Files[0].Url), 404, "artifact-not-found");
        await Service.ProblemAsync(await service.Http.DeleteAsync($"/v1/models/{imported.Id}"), 404, "model-not-found");
    }

    [Fact]
    public async Task Import_OfAMaskedLanguageModel_SaysThatItIsOne()
    {
        SmallFolder.Write(_folder.FullName, words: 25, target: Core.Datasets.Target.Word);
        using var response = await service.Http.PostAsync("/v1/models", Form());
        var id = (await Service.ReadAsync<ModelView>(response)).Imported!.Id;
        Assert.True((await service.GetAsync<Page<ModelView>>("/v1/models")).Items.Single(listed => listed.Imported?.Id == id).Imported!.MaskedLmHead);
        Assert.True((await service.GetAsync<ModelView>($"/v1/models/{id}")).Imported!.MaskedLmHead);
    }

    [Fact]
    public async Task Import_OfTheSameFilesAgain_IsTheSameModel()
    {
        Write(words: 22);
        using var first = await service.Http.PostAsync("/v1/models", Form());
        using var second = await service.Http.PostAsync("/v1/models", Form("another name"));
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        var (one, other) = (await Service.ReadAsync<ModelView>(first), await Service.ReadAsync<ModelView>(second));
        Assert.Equal((one.Imported!.Id, "bert-l1-h64"), (other.Imported!.Id, other.Name));
    }

    [Fact]
    public async Task Import_OfWhatDoesNotFit_ListsEveryTensorAndKeepsNothing()
    {
        Write(words: 23, tensors: new() { ["bert.embeddings.LayerNorm.bias"] = null, ["classifier.weight"] = [3, 32] });
        var problem = await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", Form()), 422, "invalid-document");
        Assert.Equal(
        [
            ("/model.safetensors", "bert.embeddings.LayerNorm.bias [64] is missing"),
            ("/model.safetensors", "classifier.weight is [3, 32]; [3, 64] is right"),
        ], problem.Errors!.Select(error => (error.Pointer, error.Detail)));
        Assert.DoesNotContain((await service.GetAsync<Page<ModelView>>("/v1/models")).Items, listed => listed.Imported?.Vocabulary == 28);
    }

    [Theory]
    [InlineData("../config.json", "a file named \\\"../config.json\\\" given")]
    [InlineData("a/config.json", "a file named")]
    [InlineData("/etc/config.json", "a file named")]
    [InlineData("..\\\\config.json", "a file named")]
    [InlineData("model.zip", "a file named \\\"model.zip\\\" given; config.json, model.safetensors")]
    [InlineData("pytorch_model.bin", "pytorch_model.bin is a pickle")]
    public async Task Import_OfAFileThatNoModelIsMadeOf_IsRefused(string name, string expected)
    {
        var part = new StringContent("x");
        part.Headers.ContentDisposition = ContentDispositionHeaderValue.Parse($"form-data; name=file; filename=\"{name}\"");
        using var form = new MultipartFormDataContent { part };
        using var response = await service.Http.PostAsync("/v1/models", form);
        var problem = await Service.ProblemAsync(response, 422, "invalid-document");
        Assert.Contains(expected, System.Text.Json.JsonSerializer.Serialize(problem.Detail, Core.Schema.Json.Compact), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfAnUploadThatIsTooLarge_IsRefused()
    {
        await using var small = await service.StartAnotherAsync("--Kd:MaxModelBytes=100000");
        Write(words: 24);
        // With its length announced, and without.
        await Service.ProblemAsync(await small.Http.PostAsync("/v1/models", Form()), 413, "body-too-large");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/models") { Content = Form(), Headers = { TransferEncodingChunked = true } };
        var problem = await Service.ProblemAsync(await small.Http.SendAsync(request), 413, "body-too-large");
        Assert.Contains("model.safetensors: more than", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfATextThatIsTooLong_IsRefused()
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(new byte[(32 << 20) + 1]), "files", "vocab.txt" } };
        var problem = await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", form), 413, "body-too-large");
        Assert.Contains("vocab.txt: more than 33554432 bytes", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfWhatIsNoUpload_IsRefused()
    {
        await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", Service.Json("{}")), 415, "unsupported-media-type");
        using var cut = new StringContent("--b\r\nContent-Disposition: form-data; name=f; filename=vocab.txt\r\n\r\nno end", Encoding.UTF8);
        cut.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", cut), 400, "bad-request");
        using var twice = new MultipartFormDataContent { { new StringContent("a"), "files", "vocab.txt" }, { new StringContent("b"), "files", "vocab.txt" } };
        await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", twice), 400, "bad-request");
        using var empty = new MultipartFormDataContent { { new StringContent("nothing"), "name" } };
        using var named = new MultipartFormDataContent { { new StringContent(new string('n', 500)), "name" } };
        Assert.Contains("name: more than 100 characters given", (await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", named), 400, "bad-request")).Detail, StringComparison.Ordinal);
        var problem = await Service.ProblemAsync(await service.Http.PostAsync("/v1/models", empty), 422, "invalid-document");
        Assert.Equal(["/config.json", "/model.safetensors", "/vocab.txt"], problem.Errors!.Select(error => error.Pointer));
    }

    private void Write(int words, Dictionary<string, long[]?>? tensors = null) => SmallFolder.Write(_folder.FullName, words: words, tensors: tensors);

    private MultipartFormDataContent Form(string? name = null)
    {
        var form = new MultipartFormDataContent();
        if (name is not null) form.Add(new StringContent(name), "name");
        foreach (var path in _folder.EnumerateFiles()) form.Add(new ByteArrayContent(File.ReadAllBytes(path.FullName)), "files", path.Name);
        return form;
    }
}
