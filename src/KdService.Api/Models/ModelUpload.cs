using System.Text;
using KdService.Api.Errors;
using KdService.Jobs;
using KdService.Text.Folders;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace KdService.Api.Models;

/// <summary>
/// Receives a folder's files as they come, straight to the disk of the artifact store. Of what a request says of itself only file names
/// are used, and only those of <see cref="FolderFiles"/>, so that none is a path.
/// </summary>
public sealed class ModelUpload(KdOptions options)
{
    /// <summary>The field that names the model.</summary>
    public const string NameField = "name";

    private const int MaxTextBytes = 32 << 20;
    private const int MaxNameCharacters = 100;
    private const int MaxFiles = 256;

    /// <summary>Receives a folder, which the caller disposes of.</summary>
    /// <exception cref="RequestException">The request is no upload, or too large, or holds a file that no model is made of.</exception>
    public async Task<ReceivedFolder> ReceiveAsync(HttpContext context, CancellationToken cancel)
    {
        var request = context.Request;
        if (request.ContentLength > options.MaxModelBytes) throw TooLarge("model", options.MaxModelBytes);
        // Counted here, where the answer can say what was too large.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = null;
        var reader = new MultipartReader(Boundary(request.ContentType), request.Body) { BodyLengthLimit = null };
        var received = new ReceivedFolder(Directory.CreateDirectory(Path.Combine(options.UploadRoot, Guid.NewGuid().ToString("n"))).FullName);
        try
        {
            var room = options.MaxModelBytes;
            for (var files = 0; await reader.ReadNextSectionAsync(cancel) is { } section;)
            {
                var disposition = section.GetContentDispositionHeader();
                var file = HeaderUtilities.RemoveQuotes(disposition is { FileNameStar.Length: > 0 } ? disposition.FileNameStar : disposition?.FileName ?? default).ToString();
                if (file.Length == 0)
                {
                    received.Name = await NameAsync(HeaderUtilities.RemoveQuotes(disposition?.Name ?? default).ToString(), section, cancel);
                    continue;
                }
                RequireKnown(file);
                if (++files > MaxFiles) throw new RequestException(ProblemKind.BadRequest, $"more than {MaxFiles} files given");
                room -= await SaveAsync(section.Body, Path.Combine(received.Folder, file), Math.Min(room, FolderFiles.IsWeights(file) ? room : MaxTextBytes), cancel);
            }
            return received;
        }
        catch (Exception failed)
        {
            received.Dispose();
            // What the framework's reader says of a body that is cut short or malformed.
            if (failed is InvalidDataException or IOException and not BadHttpRequestException) throw new RequestException(ProblemKind.BadRequest, $"the multipart body cannot be read: {failed.Message}");
            throw;
        }
    }

    private static string Boundary(string? given)
    {
        if (MediaTypeHeaderValue.TryParse(given, out var type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            && HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is { Length: > 0 and <= 128 } boundary) return boundary;
        throw new RequestException(ProblemKind.UnsupportedMediaType, $"Content-Type: {given ?? "nothing"} given; multipart/form-data with a boundary, a part for each file");
    }

    private static void RequireKnown(string file)
    {
        if (FolderFiles.Knows(file)) return;
        throw new RequestException(ProblemKind.InvalidDocument, FolderFiles.IsPickle(file)
            ? FolderFiles.PickleRefusal(Path.GetFileName(file))
            : $"a file named \"{file}\" given; {FolderFiles.InWords}");
    }

    private static async Task<string> NameAsync(string field, MultipartSection section, CancellationToken cancel)
    {
        if (field != NameField) throw new RequestException(ProblemKind.BadRequest, $"field \"{field}\" given without a file name; files, and a field {NameField}");
        var bytes = new byte[4 * MaxNameCharacters + 1];
        var length = await section.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
        var name = Encoding.UTF8.GetString(bytes, 0, length);
        if (name.Length is 0 or > MaxNameCharacters || name.Any(char.IsControl) || name.Contains('\uFFFD'))
            throw new RequestException(ProblemKind.BadRequest, $"{NameField}: {(name.Length > MaxNameCharacters ? $"more than {MaxNameCharacters}" : $"{name.Length}")} characters given; from 1 to {MaxNameCharacters}, in UTF-8 and none of them a control character");
        return name;
    }

    private static async Task<long> SaveAsync(Stream from, string path, long most, CancellationToken cancel)
    {
        if (File.Exists(path)) throw new RequestException(ProblemKind.BadRequest, $"{Path.GetFileName(path)} given twice; each file once");
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
        var block = new byte[1 << 16];
        for (int read; (read = await from.ReadAsync(block, cancel)) > 0;)
        {
            if (file.Position + read > most) throw TooLarge(Path.GetFileName(path), most);
            await file.WriteAsync(block.AsMemory(0, read), cancel);
        }
        return file.Position;
    }

    private static RequestException TooLarge(string what, long most) => new(ProblemKind.BodyTooLarge, $"{what}: more than {most} bytes, which are the most here");
}

/// <summary>A folder that was received; it goes with this.</summary>
/// <param name="folder">Where it lies.</param>
public sealed class ReceivedFolder(string folder) : IDisposable
{
    /// <summary>Where it lies.</summary>
    public string Folder => folder;

    /// <summary>What its sender calls the model; null without a name.</summary>
    public string? Name { get; set; }

    /// <inheritdoc />
    public void Dispose() => Directory.Delete(folder, recursive: true);
}
