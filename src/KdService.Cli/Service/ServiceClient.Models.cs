using KdService.Core.Weights;
using KdService.Core.Wire;

namespace KdService.Cli.Service;

public sealed partial class ServiceClient
{
    /// <summary>Every network, and every model that was imported.</summary>
    public Task<IReadOnlyList<ModelView>> Models(CancellationToken cancel) => GetList<ModelView>("v1/models", cancel);

    /// <summary>One of them.</summary>
    public Task<ModelView> Model(string id, CancellationToken cancel) => Get<ModelView>($"v1/models/{Segment(id)}", cancel);

    /// <summary>Imports a Hugging Face folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="files">Its files that are sent.</param>
    /// <param name="name">What to call the model; null for the name of its network.</param>
    /// <param name="cancel">Cancels.</param>
    public async Task<ModelView> ImportModel(string folder, IReadOnlyList<ImportedFile> files, string? name, CancellationToken cancel)
    {
        using var form = new MultipartFormDataContent();
        if (name is not null) form.Add(new StringContent(name), "name");
        foreach (var file in files) form.Add(new StreamContent(File.OpenRead(Path.Combine(folder, file.Name))), "files", file.Name);
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/models") { Content = form, Headers = { ExpectContinue = true } };
        return await Read<ModelView>(request, cancel);
    }

    /// <summary>Removes an imported model.</summary>
    public async Task DeleteModel(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"v1/models/{Segment(id)}");
        using var response = await Open(request, cancel);
    }
}
