using KdService.Core.Jobs;
using Xunit.Abstractions;

namespace KdService.EndToEnd.Tests;

/// <summary>Whatever is killed, at whatever moment, the job ends as if nothing had happened.</summary>
public class CrashTests(ITestOutputHelper output)
{
    private const string Weights = "student.last.safetensors";

    [Fact]
    public async Task Job_WithTrainerAndServiceKilledAtRandomMoments_EndsWithTheSameBitsAndMetrics()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"moments from seed {seed}");
        var random = new Random(seed);
        await using var service = await ServiceProcess.StartAsync();
        var undisturbed = (await service.SubmitAsync(Specs.AnnealingKd(epochs: 40))).Id;
        var whole = await service.SucceededAsync(undisturbed);
        var took = whole.FinishedAt!.Value - whole.StartedAt!.Value;

        var disturbed = (await service.SubmitAsync(Specs.AnnealingKd(epochs: 40))).Id;
        for (var kill = 0; kill < 4; kill++)
        {
            await service.WaitForAsync(disturbed, "is running", job => job.Status is JobState.Running or JobState.Succeeded);
            // Early enough that the first finds the job running on any machine.
            await Task.Delay(took * (0.4 * random.NextDouble()));
            if (kill % 2 == 0)
            {
                output.WriteLine($"trainer killed: {service.KillTrainer(disturbed)}");
            }
            else
            {
                await service.KillAsync();
                output.WriteLine("service killed");
                await service.StartAgainAsync();
            }
        }
        var job = await service.SucceededAsync(disturbed);
        output.WriteLine($"{job.Attempt} attempts, step {job.Report!.Steps}");

        Assert.True(job.Attempt > 1, "no kill hit a running attempt; the test showed nothing");
        Assert.Equal(whole.Report!.Steps, job.Report.Steps);
        Assert.Equal(await service.TensorBytesAsync(undisturbed, Weights), await service.TensorBytesAsync(disturbed, Weights));
        Assert.Equal(await service.MetricsAsync(undisturbed), await service.MetricsAsync(disturbed));
    }

    [Fact]
    public async Task Job_PausedAndResumed_LosesNoStep()
    {
        await using var service = await ServiceProcess.StartAsync();
        var undisturbed = (await service.SubmitAsync(Specs.Alone(epochs: 60))).Id;
        await service.SucceededAsync(undisturbed);

        var paused = (await service.SubmitAsync(Specs.Alone(epochs: 60))).Id;
        for (var pause = 0; pause < 2; pause++)
        {
            await service.WaitForAsync(paused, "has made steps", job => job.Status == JobState.Running && job.Progress?.Step > 5);
            (await service.PostAsync($"/v1/jobs/{paused}/pause")).EnsureSuccessStatusCode();
            await service.WaitForAsync(paused, "is paused", job => job.Status == JobState.Paused);
            (await service.PostAsync($"/v1/jobs/{paused}/resume")).EnsureSuccessStatusCode();
        }
        await service.SucceededAsync(paused);
        Assert.Equal(await service.TensorBytesAsync(undisturbed, Weights), await service.TensorBytesAsync(paused, Weights));
        Assert.Equal(await service.MetricsAsync(undisturbed), await service.MetricsAsync(paused));
    }

    [Fact]
    public async Task Cancel_OfARunningJob_FreesItsSlotForTheNext()
    {
        await using var service = await ServiceProcess.StartAsync();
        var first = (await service.SubmitAsync(Specs.Endless())).Id;
        var second = (await service.SubmitAsync(Specs.Alone())).Id;
        await service.WaitForAsync(first, "has made steps", job => job.Progress?.Step > 0);
        Assert.Equal(JobState.Queued, (await service.JobAsync(second)).Status);

        (await service.PostAsync($"/v1/jobs/{first}/cancel")).EnsureSuccessStatusCode();
        await service.WaitForAsync(first, "is cancelled", job => job.Status == JobState.Cancelled);
        Assert.Empty(Processes.Find(line => line.Contains("kd-trainer", StringComparison.Ordinal) && line.Contains(first, StringComparison.Ordinal)));
        await service.SucceededAsync(second);
    }
}
