namespace KdService.Cli.Service;

/// <summary>Where an artifact goes.</summary>
public static class ArtifactPath
{
    /// <summary>
    /// The file of an artifact in a folder, whose own folder is made. A name is a file name, or one in a folder of its own, as
    /// <c>student/config.json</c>; whatever else a service might say, nothing is written outside.
    /// </summary>
    public static string Within(string folder, string name)
    {
        var parts = name.Split('/');
        var path = parts is [not ("" or "." or ".."), not ("" or "." or "..")] && Path.GetFileName(parts[0]) == parts[0] && Path.GetFileName(parts[1]) == parts[1]
            ? Path.Combine(folder, parts[0], parts[1])
            : Path.Combine(folder, Path.GetFileName(name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
