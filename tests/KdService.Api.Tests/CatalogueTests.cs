using System.Net;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Runs;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class CatalogueTests(Service service)
{
    [Fact]
    public async Task Methods_ShowEveryMethodWithItsOptions()
    {
        var methods = (await service.GetAsync<Page<MethodDescription>>("/v1/methods")).Items;
        Assert.Equal(MethodCatalogue.All.Select(method => method.Name), methods.Select(method => method.Name));
        Assert.Equal(0.9, (double)methods.Single(method => method.Name == "kd").Options["properties"]!["alpha"]!["default"]!);
        Assert.Equal("Annealing-KD", (await service.GetAsync<MethodDescription>("/v1/methods/annealing_kd")).Title);
    }

    [Fact]
    public async Task Models_ShowEveryNetworkWithItsParameters()
    {
        var models = (await service.GetAsync<Page<ModelView>>("/v1/models")).Items;
        Assert.Equal(ArchitectureCatalogue.All.Keys, models.Where(model => model.Imported is null).Select(model => model.Name));
        Assert.Equal(ArchitectureCatalogue.Find("resnet20")!.Parameters(DataShape.Pictures(100)), models.Single(model => model.Name == "resnet20").Parameters["100"]);
    }

    [Fact]
    public async Task Datasets_SayWhatIsPresentAndHowToGetWhatIsNot()
    {
        var datasets = (await service.GetAsync<Page<DatasetView>>("/v1/datasets")).Items.ToDictionary(dataset => dataset.Name);
        Assert.True(datasets["procedural"].Present);
        Assert.False(datasets["cifar10"].Present);
        Assert.Contains("data_batch_1.bin is missing", datasets["cifar10"].Problem);
        Assert.Contains("cifar-10-binary.tar.gz", datasets["cifar10"].HowToGet);
        Assert.Empty(datasets["procedural"].Variants);
        Assert.Equal((10, null, null), (datasets["cifar10"].Classes, datasets["text_files"].TrainSamples, datasets["squad"].Classes));
        Assert.Equal(["squad v1", "squad v2"], datasets["squad"].Variants.Select(variant => variant.Title));
        Assert.False(datasets["squad"].Present);
        Assert.Equal(Enum.GetValues<GlueTask>().Length, datasets["glue"].Variants.Count);
        var sst2 = datasets["glue"].Variants.Single(variant => variant.Title == "glue sst2");
        Assert.Equal((67_349, 872, false), (sst2.TrainSamples, sst2.TestSamples, sst2.Present));
        Assert.Equal("glue/SST-2/train.tsv is missing from the data root", sst2.Problem?.Split(';')[0]);
        Assert.True(datasets["procedural"].Options.GetProperty("properties").TryGetProperty("samples", out _));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/v1/jobs")]
    [InlineData("/v1/models")]
    [InlineData("/")]
    [InlineData("/swagger/index.html")]
    public async Task Head_IsGetWithoutTheBody(string path)
    {
        using var response = await service.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task StatusPage_SaysWhichScoreItShows()
    {
        Assert.Contains(">Selection score</th>", await service.Http.GetStringAsync("/"), StringComparison.Ordinal);
        var script = await service.Http.GetStringAsync("/status.js");
        Assert.Contains($"'{SelectionScore.SeriesOf(ScoreMetric.Accuracy)}'", script, StringComparison.Ordinal);
        Assert.DoesNotContain("selection/accuracy", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_NameTheMethods()
    {
        using var response = await service.Http.SendAsync(new HttpRequestMessage(HttpMethod.Options, "/v1/jobs"));
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(["GET", "HEAD", "POST"], response.Content.Headers.Allow.Order());
    }
}
