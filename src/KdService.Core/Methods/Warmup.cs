using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>The warm-up of mdistiller's methods, whose loss has all of its weight after some epochs.</summary>
internal static class Warmup
{
    // A twelfth of the 240 epochs that were trained.
    private const int Published = 20;

    /// <summary>Epochs of the warm-up, of so many: those that are given, else a twelfth of them, at most the published 20.</summary>
    public static int Of(int? given, int epochs) => given ?? Math.Min(Published, epochs / 12);

    /// <summary>Notes a warm-up that lasts as long as the training.</summary>
    public static void Check(int? given, JobSpec spec, ProblemList problems) =>
        problems.Require(given is not { } warmup || warmup < spec.Training.Epochs, "/method/warmup_epochs",
            $"{given} given; fewer than training.epochs ({spec.Training.Epochs}), so that the weight arrives");
}
