using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace KdService.Cli.Service;

/// <summary>Fetches artifacts to files: goes on where an earlier try stopped, and keeps nothing whose checksum is wrong.</summary>
public sealed class ArtifactDownload(ServiceClient client)
{
    private const int Tries = 5;

    /// <summary>Fetches one artifact. A file that is there already with the right content is left alone.</summary>
    /// <param name="url">Where it is, relative to the service or absolute.</param>
    /// <param name="sha256">The checksum its bytes must have, in lower-case hexadecimal.</param>
    /// <param name="destination">The file to write; until it is complete its bytes lie in <c>destination.part</c>.</param>
    /// <param name="cancel">Stops between two blocks; the part stays for the next time.</param>
    /// <exception cref="CommandFailedException">The bytes that came do not have the checksum; they were removed.</exception>
    public async Task Fetch(string url, string sha256, string destination, CancellationToken cancel)
    {
        if (File.Exists(destination) && await Sha256(destination, cancel) == sha256) return;
        var part = destination + ".part";
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Continue(url, sha256, part, cancel);
                break;
            }
            catch (Exception lost) when (tries < Tries && lost is IOException or ServiceUnreachableException)
            {
                // A dropped connection; what has arrived is in the part file.
                await Task.Delay(TimeSpan.FromSeconds(tries), cancel);
            }
        }
        var actual = await Sha256(part, cancel);
        if (actual != sha256)
        {
            File.Delete(part);
            throw new CommandFailedException($"{url}: sha256 {actual} came; {sha256} announced; removed, fetch it again", ExitCodes.Unavailable);
        }
        File.Move(part, destination, overwrite: true);
    }

    private async Task Continue(string url, string sha256, string part, CancellationToken cancel)
    {
        await using var file = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        using var request = new HttpRequestMessage(HttpMethod.Get, url.TrimStart('/'));
        if (file.Length > 0)
        {
            request.Headers.Range = new RangeHeaderValue(file.Length, null);
            request.Headers.IfRange = new RangeConditionHeaderValue(new EntityTagHeaderValue($"\"{sha256}\""));
        }
        HttpResponseMessage response;
        try
        {
            response = await client.Open(request, cancel);
        }
        catch (ServiceProblemException problem) when (problem.Problem.Status == (int)HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // The part is complete, or longer than the artifact; the checksum decides.
            return;
        }
        using (response)
        {
            // 200 instead of 206: the service sends everything, so the part starts anew.
            if (response.StatusCode == HttpStatusCode.PartialContent) file.Seek(0, SeekOrigin.End);
            else file.SetLength(0);
            await using var content = await response.Content.ReadAsStreamAsync(cancel);
            await content.CopyToAsync(file, cancel);
        }
    }

    private static async Task<string> Sha256(string path, CancellationToken cancel)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
    }
}
