using KdService.Core.Datasets;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Data;

public sealed class TokenSetTests
{
    private static readonly DataShape Shape = DataShape.Text(vocabulary: 10, length: 4, Target.Class, classes: 2);

    [Fact]
    public void Load_TextsOfSeveralLengths_IsAsLongAsTheLongestAndPadded()
    {
        using var scope = NewDisposeScope();
        var set = new TokenSet([([1, 2, 3], 2), ([4], 1), ([5, 6, 7, 8], 4)], [0, 1, 0], Shape);
        Assert.Equal(3, set.LengthOf(0));
        var batch = set.Load([1, 0]);
        Assert.Equal([2L, 2, 3], batch.shape);
        Assert.Equal([4L, -1, -1, 0, 0, 0, 1, 2, 3, 0, 0, 1], batch.data<long>().ToArray());
        Assert.Equal([2L, 2, 1], set.Load([1, 1]).shape);
    }

    [Theory]
    [InlineData(new int[0], "0 tokens given for text 0; 1 to 4 are right")]
    [InlineData(new[] { 1, 1, 1, 1, 1 }, "5 tokens given for text 0")]
    [InlineData(new[] { 10 }, "token 10 given in text 0; 0 to 9 are right")]
    public void TokenSet_OfTextsThatDoNotFit_SaysWhatWouldBeRight(int[] tokens, string problem) =>
        Assert.Contains(problem, Assert.Throws<ArgumentException>(() => new TokenSet([(tokens, 1)], [0], Shape)).Message, StringComparison.Ordinal);

    [Fact]
    public void Order_OfLikeLengths_IsAPermutationWhoseBatchesAreAlikeAndWhoseLastIsRandom()
    {
        var lengths = Enumerable.Range(0, 1003).Select(i => 1 + i * 7919 % 97).ToArray();
        var order = BatchOrder.OfLikeLengths(3, stage: 0, epoch: 2, [.. Enumerable.Range(0, lengths.Length)], batchSize: 10, sample => lengths[sample]);
        Assert.Equal(Enumerable.Range(0, lengths.Length), order.Order());
        Assert.Equal(order, BatchOrder.OfLikeLengths(3, 0, 2, [.. Enumerable.Range(0, lengths.Length)], 10, sample => lengths[sample]));
        Assert.NotEqual(order, BatchOrder.OfLikeLengths(3, 0, 3, [.. Enumerable.Range(0, lengths.Length)], 10, sample => lengths[sample]));
        var batches = order.Take(1000).Chunk(10).ToList();
        // 500 samples sorted over 97 lengths leave about two lengths a batch; random batches would span about 80.
        Assert.All(batches, batch => Assert.InRange(batch.Max(sample => lengths[sample]) - batch.Min(sample => lengths[sample]), 0, 4));
        // The batches themselves are not in the order of their lengths.
        Assert.NotEqual(batches.OrderBy(batch => lengths[batch[0]]), batches);
    }
}
