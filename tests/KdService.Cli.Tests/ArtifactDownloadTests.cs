using System.Security.Cryptography;
using KdService.Cli.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace KdService.Cli.Tests;

public sealed class ArtifactDownloadTests : IDisposable
{
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(300_000);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-fetch-");

    private string Sha256 => Convert.ToHexStringLower(SHA256.HashData(_bytes));

    private string Destination => Path.Combine(_folder.FullName, "student.best.safetensors");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Fetch_WhenTheConnectionDrops_AsksForTheRestOnly()
    {
        List<string> ranges = [];
        await using var service = await StandInService.Start(app => app.MapGet("/v1/artifacts/{sha}", async (HttpContext context) =>
        {
            ranges.Add(context.Request.Headers.Range.ToString());
            if (ranges.Count > 1)
            {
                await Whole().ExecuteAsync(context);
                return;
            }
            context.Response.ContentLength = _bytes.Length;
            await context.Response.Body.WriteAsync(_bytes.AsMemory(0, 100_000));
            await context.Response.Body.FlushAsync();
            // A reset throws away what the client has not read yet.
            while (!File.Exists(Destination + ".part") || new FileInfo(Destination + ".part").Length == 0) await Task.Delay(10);
            context.Abort();
        }));
        using var client = service.Client();

        await new ArtifactDownload(client).Fetch($"/v1/artifacts/{Sha256}", Sha256, Destination, CancellationToken.None);

        Assert.Equal(_bytes, await File.ReadAllBytesAsync(Destination));
        Assert.Equal(2, ranges.Count);
        Assert.Matches(@"\Abytes=[1-9]\d*-\z", ranges[1]);
        Assert.Equal([Destination], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public async Task Fetch_AFileThatIsThereAlready_AsksForNothing()
    {
        var requests = 0;
        await using var service = await StandInService.Start(app => app.MapGet("/v1/artifacts/{sha}", () =>
        {
            requests++;
            return Whole();
        }));
        await File.WriteAllBytesAsync(Destination, _bytes);
        using var client = service.Client();

        await new ArtifactDownload(client).Fetch($"/v1/artifacts/{Sha256}", Sha256, Destination, CancellationToken.None);

        Assert.Equal(0, requests);
    }

    [Fact]
    public async Task Fetch_BytesWithAnotherChecksum_AreNotKept()
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/artifacts/{sha}", () => Results.Bytes(_bytes.Reverse().ToArray())));
        using var client = service.Client();

        var refusal = await Assert.ThrowsAsync<CommandFailedException>(() =>
            new ArtifactDownload(client).Fetch($"/v1/artifacts/{Sha256}", Sha256, Destination, CancellationToken.None));

        Assert.Contains(Sha256, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.FullName));
    }

    [Theory]
    [InlineData(300_000)]
    [InlineData(400_000)]
    public async Task Fetch_APartThatNeedsNothingMore_IsJudgedByItsChecksum(int length)
    {
        await using var service = await StandInService.Start(app => app.MapGet("/v1/artifacts/{sha}", Whole));
        await File.WriteAllBytesAsync(Destination + ".part", [.. _bytes, .. new byte[length - _bytes.Length]]);
        using var client = service.Client();
        var fetch = () => new ArtifactDownload(client).Fetch($"/v1/artifacts/{Sha256}", Sha256, Destination, CancellationToken.None);

        // Too long a part can only be thrown away; the next try starts from nothing.
        if (length > _bytes.Length) await Assert.ThrowsAsync<CommandFailedException>(fetch);
        await fetch();

        Assert.Equal(_bytes, await File.ReadAllBytesAsync(Destination));
    }

    private IResult Whole() => Results.Bytes(_bytes, "application/octet-stream", enableRangeProcessing: true, entityTag: new EntityTagHeaderValue($"\"{Sha256}\""));
}
