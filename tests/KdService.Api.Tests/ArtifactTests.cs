using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class ArtifactTests(Service service)
{
    private static readonly string Sha256 = Convert.ToHexStringLower(SHA256.HashData(ScriptedTrainer.Weights));

    [Fact]
    public async Task Artifacts_OfAFinishedJob_CanBeDownloaded()
    {
        var job = await service.RunAsync();
        var artifact = Assert.Single((await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job.Id}/artifacts")).Items);
        Assert.Equal(("student.best.safetensors", Sha256, (long)ScriptedTrainer.Weights.Length), (artifact.Name, artifact.Sha256, artifact.Bytes));
        var checkpoint = Assert.Single((await service.GetAsync<Page<CheckpointView>>($"/v1/jobs/{job.Id}/checkpoints")).Items);
        Assert.Equal((3, Sha256), (checkpoint.Epoch, checkpoint.Sha256));

        using var response = await service.Http.GetAsync(artifact.Url);
        var headers = response.Content.Headers;
        Assert.Equal(ScriptedTrainer.Weights, await response.Content.ReadAsByteArrayAsync());
        Assert.Equal((ScriptedTrainer.Weights.Length, "application/octet-stream"), (headers.ContentLength, headers.ContentType?.MediaType));
        Assert.Equal("attachment", headers.ContentDisposition?.DispositionType);
        Assert.Equal("student.best.safetensors", headers.ContentDisposition?.FileName);
        Assert.Equal($"\"{Sha256}\"", response.Headers.ETag?.Tag);
        Assert.Contains("bytes", response.Headers.AcceptRanges);
    }

    [Theory]
    [InlineData(0, 9, 0, 10)]
    [InlineData(99_990, null, 99_990, 10)]
    [InlineData(null, 7, 99_993, 7)]
    public async Task Download_WithRange_GivesThatPart(int? from, int? to, int start, int length)
    {
        await service.RunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/artifacts/{Sha256}") { Headers = { Range = new RangeHeaderValue(from, to) } };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal($"bytes {start}-{start + length - 1}/100000", $"{response.Content.Headers.ContentRange}");
        Assert.Equal(ScriptedTrainer.Weights.AsSpan(start, length).ToArray(), await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Download_RangeOutside_Is416WithTheLength()
    {
        await service.RunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/artifacts/{Sha256}") { Headers = { Range = new RangeHeaderValue(100_000, null) } };
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 416, "range-not-satisfiable");
        Assert.Equal(100_000, response.Content.Headers.ContentRange?.Length);
    }

    [Fact]
    public async Task Download_IfRangeOfOtherBytes_GivesEverything()
    {
        await service.RunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/artifacts/{Sha256}")
        {
            Headers = { Range = new RangeHeaderValue(5, 9), IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue("\"other\"")) },
        };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, 100_000L), (response.StatusCode, response.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Download_WhatTheClientHas_Is304()
    {
        await service.RunAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/artifacts/{Sha256}") { Headers = { IfNoneMatch = { new EntityTagHeaderValue($"\"{Sha256}\"") } } };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    [Fact]
    public async Task Head_OfAnArtifact_TellsTheLengthAlone()
    {
        await service.RunAsync();
        using var response = await service.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v1/artifacts/{Sha256}"));
        Assert.Equal((HttpStatusCode.OK, 100_000L), (response.StatusCode, response.Content.Headers.ContentLength));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }
}
