using KdService.Cli.Commands;
using KdService.Core.Specs;
using KdService.Core.Weights;

namespace KdService.Cli.Local;

/// <summary>
/// The Hugging Face folders that a spec names where a service has ids. The digest of its files takes a folder's place in the spec, so that
/// a run whose folder has changed starts afresh.
/// </summary>
public sealed class LocalModels
{
    private readonly Dictionary<string, string> _folders = [];
    private readonly Dictionary<string, ImportedModel> _facts = [];

    /// <summary>No folders.</summary>
    public static LocalModels None { get; } = new();

    /// <summary>What is known of each, by its digest.</summary>
    public IReadOnlyDictionary<string, ImportedModel> Facts => _facts;

    /// <summary>Looks through the folders that a spec names.</summary>
    /// <returns>The spec, with digests for folders.</returns>
    /// <exception cref="Core.Schema.InvalidDocumentException">A folder cannot be served; carries every problem, at its place in the spec.</exception>
    public static (JobSpec Spec, LocalModels Models) Of(JobSpec spec)
    {
        var models = new LocalModels();
        return (ImportsOfSpec.Renamed(spec, models.Add), models);
    }

    /// <summary>Copies folders to where a trainer reads them.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="digests">Which.</param>
    /// <returns>Their places in the run's folder, by digest.</returns>
    public Dictionary<string, string> CopyTo(WorkFolder folder, IEnumerable<string> digests)
    {
        Dictionary<string, string> places = [];
        foreach (var digest in digests.Distinct())
        {
            places[digest] = $"models/{digest[..16]}";
            Directory.CreateDirectory(folder.Full(places[digest]));
            foreach (var file in _facts[digest].Files)
                File.Copy(Path.Combine(_folders[digest], file.Name), folder.Full($"{places[digest]}/{file.Name}"), overwrite: true);
        }
        return places;
    }

    private string Add(string pointer, string folder)
    {
        var facts = ModelCommand.Read(folder, pointer);
        _folders[facts.Digest] = folder;
        _facts[facts.Digest] = facts;
        return facts.Digest;
    }
}
