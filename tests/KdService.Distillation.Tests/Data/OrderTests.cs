using FsCheck;
using FsCheck.Fluent;
using KdService.Distillation.Data;

namespace KdService.Distillation.Tests.Data;

public class OrderTests
{
    [Fact]
    public void Holdout_AnySplit_IsAPartitionThatTheSeedDecides() => Prop.ForAll(
        Gen.Choose(0, 500).Zip(Gen.Choose(0, 100)).ToArbitrary(), ArbMap.Default.ArbFor<long>(), (counts, seed) =>
        {
            var (samples, held) = (counts.Item1, counts.Item1 * counts.Item2 / 100);
            var (train, selection) = Holdout.Split(seed, samples, held);
            var again = Holdout.Split(seed, samples, held);
            return selection.Length == held
                && train.Concat(selection).Order().SequenceEqual(Enumerable.Range(0, samples))
                && train.SequenceEqual(train.Order()) && selection.SequenceEqual(selection.Order())
                && train.SequenceEqual(again.Train) && selection.SequenceEqual(again.Selection);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Holdout_MoreThanThereAre_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Holdout.Split(0, 10, 11));
        Assert.Throws<ArgumentOutOfRangeException>(() => Holdout.Split(0, 10, -1));
    }

    [Fact]
    public void BatchOrder_AnyKey_IsAPermutation() => Prop.ForAll(
        ArbMap.Default.ArbFor<long>(), Gen.Choose(0, 5).Zip(Gen.Choose(0, 300)).ToArbitrary(), ArbMap.Default.ArbFor<int[]>(), (seed, place, indices) =>
            BatchOrder.Of(seed, place.Item1, place.Item2, indices).Order().SequenceEqual(indices.Order())).QuickCheckThrowOnFailure();

    [Fact]
    public void BatchOrder_SeedStageAndEpoch_EachGiveAnotherOrder()
    {
        var indices = Enumerable.Range(0, 100).ToArray();
        var order = BatchOrder.Of(1, 2, 3, indices);
        Assert.Equal(order, BatchOrder.Of(1, 2, 3, indices));
        Assert.NotEqual(order, BatchOrder.Of(2, 2, 3, indices));
        Assert.NotEqual(order, BatchOrder.Of(1, 3, 3, indices));
        Assert.NotEqual(order, BatchOrder.Of(1, 2, 4, indices));
        Assert.NotEqual(order, BatchOrder.Of(1, 3, 2, indices));
    }

    [Fact]
    public void Draws_AcrossVersionsOfTheProgram_StayTheSame()
    {
        // A resumed or repeated run must meet the batches of the first: these numbers, made by another implementation, may never change.
        Assert.Equal(0xe220a8397b1dcdaf, new SeededRandom().Next());
        Assert.Equal([3, 1, 6, 2, 5, 8, 7, 9, 4, 0], BatchOrder.Of(20, 0, 0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
        Assert.Equal(new Crop(7, 1, true), Crop.Random(1, 2, 3));
    }

    [Fact]
    public void Shuffle_ManyTimes_PutsEveryElementEverywhereEquallyOften()
    {
        const int Trials = 60_000;
        var counts = new int[6, 6];
        for (var trial = 0; trial < Trials; trial++)
        {
            var order = BatchOrder.Of(trial, 0, 0, [0, 1, 2, 3, 4, 5]);
            for (var place = 0; place < 6; place++) counts[place, order[place]]++;
        }
        // 10,000 expected, standard deviation 91.
        foreach (var count in counts) Assert.InRange(count, 9_500, 10_500);
    }

    [Fact]
    public void SeededRandom_Normal_HasMeanZeroAndDeviationOne()
    {
        var random = new SeededRandom(9);
        var (sum, squares, fourth) = (0.0, 0.0, 0.0);
        for (var i = 0; i < 100_000; i++)
        {
            var (first, second) = random.NormalPair();
            foreach (var value in new double[] { first, second })
            {
                Assert.True(double.IsFinite(value));
                sum += value;
                squares += value * value;
                fourth += value * value * value * value;
            }
        }
        Assert.Equal(0, sum / 200_000, 0.01);
        Assert.Equal(1, squares / 200_000, 0.02);
        Assert.Equal(3, fourth / 200_000, 0.15);
    }
}
