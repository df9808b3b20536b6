using KdService.Core.Schema;

namespace KdService.Core.Methods;

/// <summary>The two stages of Annealing-KD and of what is built on it: annealed logits, then the labels.</summary>
internal static class AnnealingStages
{
    /// <summary>Steps of the annealing where the spec does not say.</summary>
    public const int UsualMaxTemperature = 10;

    /// <summary>Notes stages that have no epoch, or fewer than annealing has steps.</summary>
    /// <param name="method">The method's name.</param>
    /// <param name="epochs">Epochs of both stages.</param>
    /// <param name="firstOf">Epochs of stage I, of so many.</param>
    /// <param name="maxTemperature">Steps of the annealing.</param>
    /// <param name="problems">Takes the problems.</param>
    public static void Check(string method, int epochs, Func<int, int> firstOf, int maxTemperature, ProblemList problems)
    {
        // Two stages need two epochs; anything said of the options would be no help.
        if (!problems.Require(epochs >= 2, "/training/epochs", $"{epochs} given; at least 2 for {method}, one for each stage")) return;
        var first = firstOf(epochs);
        problems.Require(first < epochs, "/method/annealing_epochs",
            $"{first} given; fewer than training.epochs ({epochs}), so that stage II has at least one epoch");
        problems.Require(maxTemperature <= first, "/method/max_temperature",
            $"{maxTemperature} given; at most {first}, the epochs of stage I, so that every annealing step has an epoch{Unasked(maxTemperature)}");
    }

    /// <summary>Tells whoever has not said how many steps there are where the number is from.</summary>
    public static string Unasked(int maxTemperature) => maxTemperature == UsualMaxTemperature ? $"; {UsualMaxTemperature} is the default" : "";
}
