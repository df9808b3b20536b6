using System.Text;
using KdService.Core.Plans;
using KdService.Core.Specs;

namespace KdService.Core.Tests;

public sealed class EstimateTests
{
    [Fact]
    public void KeptLogits_CountOnDiskOnceAShowing_AndInMemoryOnce()
    {
        // 900 drawn pictures, for 100 are held out, in two views of 10 classes, 4 bytes a logit.
        const long Showing = 900 * 10 * 4;
        var kept = Of("""{"name": "kd"}""", signal: "cached");
        var live = Of("""{"name": "kd"}""", signal: "live");
        Assert.Equal(2 * Showing, kept.DiskBytes - live.DiskBytes);
        Assert.Equal(Showing, kept.MemoryBytes - live.MemoryBytes);
    }

    [Fact]
    public void ContrastiveMemories_CountInMemory()
    {
        // Beside networks and batches: two linear embeddings of 64 numbers in 32, held four times over as all weights are; two banks of 900
        // embeddings with their copies; five numbers for each of a batch's 50 samples and the set's 900.
        const long Weights = 2 * (64 + 1) * 32;
        const long Banks = 4 * 900 * 32, Step = 5 * 50 * 900;
        var crd = Of("""{"name": "crd", "dimensions": 32}""", signal: "live");
        var sp = Of("""{"name": "sp"}""", signal: "live");
        Assert.Equal(4 * (4 * Weights + Banks + Step), crd.MemoryBytes - sp.MemoryBytes);
    }

    private static Estimate Of(string method, string signal) => Estimate.Of(
        PlanBuilder.Compile(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes($$"""
            {"dataset": {"name": "procedural", "samples": 1000, "views": 2}, "teacher": {"model": "resnet20"}, "teacher_signal": "{{signal}}",
             "student": {"model": "resnet8"}, "method": {{method}}, "training": {"epochs": 6, "batch_size": 50} }
            """))), threads: 1);
}
