using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Wire;

namespace KdService.EndToEnd.Tests;

/// <summary>Faults of specs, data and disks become failures that name themselves; nothing hangs and nothing is a 500.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task Loss_ThatDiverges_FailsTheJobOnceWithTheStep()
    {
        await using var service = await ServiceProcess.StartAsync();
        var job = await FailureAsync(service, Specs.AnnealingKd(rate: 100));
        Assert.Equal(FailureCode.Diverged, job.Failure!.Code);
        Assert.True(job.Failure.Step > 0, "the failure names no step");
        Assert.Equal(1, job.Attempt);
    }

    [Fact]
    public async Task DataFiles_OfWrongContent_FailTheJobNamingTheFile()
    {
        using var data = new TemporaryFolder();
        foreach (var file in new Cifar10().Files) Sparse(data.At(file.Path), file.Bytes!.Value);
        await using var service = await ServiceProcess.StartAsync(new() { ["KD_DATA"] = data.Path });
        var job = await FailureAsync(service, Specs.Alone(dataset: """{"name": "cifar10"}"""));
        Assert.Equal(FailureCode.DataCorrupt, job.Failure!.Code);
        Assert.Contains("data_batch_1.bin", job.Failure.Message);
        Assert.Equal(1, job.Attempt);
    }

    [Fact]
    public async Task DataFiles_MissingOrTruncated_AreRefusedAtSubmission()
    {
        using var data = new TemporaryFolder();
        await using var service = await ServiceProcess.StartAsync(new() { ["KD_DATA"] = data.Path });
        await RefusedAsync(service, "cifar-10");

        foreach (var file in new Cifar10().Files) Sparse(data.At(file.Path), file.Bytes!.Value);
        Sparse(data.At("cifar-10-batches-bin/data_batch_3.bin"), 12_345);
        await RefusedAsync(service, "data_batch_3.bin");
        Assert.Empty((await service.GetAsync<Page<JobView>>("/v1/jobs")).Items);
    }

    [RootFact]
    public async Task Disk_FullAtCheckpoint_FailsTheJobAsDiskFull()
    {
        string? mounted = null;
        try
        {
            await using var service = await ServiceProcess.StartAsync(prepareState: state =>
            {
                mounted = Directory.CreateDirectory(Path.Combine(state, "work")).FullName;
                Run("mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", mounted);
            });
            var job = await FailureAsync(service, Specs.Alone(resources: """{"threads": 1, "max_attempts": 1}"""));
            Assert.Equal(FailureCode.DiskFull, job.Failure!.Code);
            Run("umount", "-l", mounted!);
            mounted = null;
        }
        finally
        {
            if (mounted is not null) Run("umount", "-l", mounted);
        }
    }

    [Fact]
    public async Task Time_BeyondTheLimit_FailsTheJobAndFreesTheSlot()
    {
        await using var service = await ServiceProcess.StartAsync();
        var endless = Specs.Endless().Replace("\"threads\": 1", "\"threads\": 1, \"time_limit_seconds\": 4", StringComparison.Ordinal);
        var job = await FailureAsync(service, endless);
        Assert.Equal(FailureCode.TimeLimit, job.Failure!.Code);
        await service.SucceededAsync((await service.SubmitAsync(Specs.Alone())).Id);
    }

    private static async Task<JobView> FailureAsync(ServiceProcess service, string spec)
    {
        var id = (await service.SubmitAsync(spec)).Id;
        var job = await service.WaitForAsync(id, "has failed", job => job.Status.IsTerminal());
        Assert.Equal(JobState.Failed, job.Status);
        Assert.NotEmpty(job.Failure!.Advice);
        return job;
    }

    private static async Task RefusedAsync(ServiceProcess service, string named)
    {
        using var response = await service.PostAsync("/v1/jobs", Specs.Alone(dataset: """{"name": "cifar10"}"""));
        var body = await response.Content.ReadAsStringAsync();
        Assert.InRange((int)response.StatusCode, 400, 422);
        Assert.Contains("/dataset", body);
        Assert.Contains(named, body);
    }

    /// <summary>A file of zeros that takes no space.</summary>
    private static void Sparse(string path, long bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        file.SetLength(bytes);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kd-data-").FullName;

    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A test that mounts a small file system.</summary>
internal sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (Environment.UserName != "root") Skip = "needs root, to mount a file system small enough to fill";
    }
}
