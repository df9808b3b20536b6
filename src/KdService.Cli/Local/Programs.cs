namespace KdService.Cli.Local;

/// <summary>Where the other programs of the project are.</summary>
public static class Programs
{
    /// <summary>The trainer.</summary>
    public static string Trainer => Find("KD_TRAINER", "kd-trainer");

    /// <summary>The service.</summary>
    public static string Service => Find("KD_SERVICE", "kd-service");

    private static string Find(string variable, string name)
    {
        var path = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? given : Path.Combine(AppContext.BaseDirectory, name);
        return File.Exists(path)
            ? path
            : throw new CommandFailedException($"{name} is not at {path}; start kd by the script ./kd, or name the program in {variable}");
    }
}
