namespace KdService.EndToEnd.Tests;

/// <summary>The programs under test, built beside this assembly: <c>bin/PROJECT/CONFIGURATION/program</c>.</summary>
internal static class Programs
{
    public static string Service => Find("KdService.Api", "kd-service");

    public static string Trainer => Find("KdService.Trainer", "kd-trainer");

    private static string Find(string project, string program)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var path = Path.Combine(own.Parent!.Parent!.FullName, project, own.Name, program);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{program} is not built", path);
    }
}
