using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
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

    [Fact]
    public void Augmenters_CountInTimeAndGuessesOfWordsInMemory()
    {
        var (kd, moved, generated) = (Of("""{"name": "kd"}"""), Of("""{"name": "backward_kd"}"""), Of("""{"name": "mate_kd", "generator": "bert-l1-h64", "pretraining_epochs": 1}"""));
        // Two epochs of 1,800 phrases; a step of ascent goes forward and back through both networks, three times, and the student learns on what comes of it.
        var plan = Plan("""{"name": "backward_kd"}""");
        var (student, teacher) = (plan.MultiplyAdds("student"), plan.MultiplyAdds("teacher"));
        Assert.Equal(2 * 1800 * (3.0 * student + teacher + 3 * 2.0 * (student + teacher)), (moved.Seconds - kd.Seconds) * 3e10, 0.02 * moved.Seconds * 3e10);
        Assert.True(generated.Seconds > kd.Seconds);
        // 250 phrases of 32 tokens, three tenths of them hidden, 4 bytes for each of 303 words, twice.
        Assert.InRange(generated.MemoryBytes - kd.MemoryBytes, 250 * 32 * 0.3 * 4 * 303, 250 * 32 * 0.3 * 4 * 303 * 4);

        static Estimate Of(string method) => Estimate.Of(Plan(method), threads: 1);

        static Plan Plan(string method) => PlanBuilder.Compile(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes($$"""
            {"dataset": {"name": "phrases", "samples": 2000}, "teacher": {"model": "bert-l2-h128"}, "teacher_signal": "cached",
             "student": {"model": "bert-l1-h64"}, "method": {{method}}, "training": {"epochs": 2, "batch_size": 16} }
            """)));
    }

    [Theory]
    // Windows a question of SQuAD 1.1's training part, counted.
    [InlineData(384, 128, 1.0119)]
    [InlineData(256, 128, 1.1081)]
    [InlineData(192, 64, 1.4288)]
    [InlineData(128, 64, 2.1871)]
    [InlineData(96, 32, 3.8454)]
    public void WindowsOfQuestions_AreGuessedWell(int length, int stride, double counted) =>
        Assert.InRange(new Squad { MaxLength = length, Stride = stride }.SamplesPerExample, 0.97 * counted, 1.03 * counted);

    [Fact]
    public void Steps_OfQuestions_AreThoseOfTheirWindows()
    {
        var plan = PlanBuilder.Compile(SpecValidation.ReadOrThrow("""
            {"dataset": {"name": "squad", "max_length": 128, "stride": 64, "train_questions": 1000, "test_questions": 100},
             "student": {"model": "bert-l1-h64"}, "method": {"name": "none"}, "training": {"epochs": 3, "batch_size": 10} }
            """u8.ToArray()));
        Assert.InRange(Estimate.Of(plan, threads: 1).Steps, 3 * 90 * 2.1, 3 * 90 * 2.3);
        // Once the trainer has counted them, that number stands, and the plan is none other for it.
        var counted = plan with { CountedTrainSamples = 2001 };
        Assert.Equal((3 * 201, Json.Write(plan)), (counted.TotalSteps, Json.Write(counted)));
    }

    private static Estimate Of(string method, string signal) => Estimate.Of(
        PlanBuilder.Compile(SpecValidation.ReadOrThrow(Encoding.UTF8.GetBytes($$"""
            {"dataset": {"name": "procedural", "samples": 1000, "views": 2}, "teacher": {"model": "resnet20"}, "teacher_signal": "{{signal}}",
             "student": {"model": "resnet8"}, "method": {{method}}, "training": {"epochs": 6, "batch_size": 50} }
            """))), threads: 1);
}
