namespace KdService.Core.Tests;

public class SortableIdTests
{
    [Fact]
    public void New_AtGrowingMoments_SortsByTime()
    {
        var start = DateTimeOffset.UnixEpoch;
        var ids = Enumerable.Range(0, 500).Select(i => SortableId.New(start.AddMilliseconds(i * 977_777_777L))).ToList();
        Assert.Equal(ids, ids.Order(StringComparer.Ordinal));
        Assert.All(ids, id => Assert.Matches($"^{SortableId.Pattern}$", id));
        Assert.All(ids, id => Assert.True(SortableId.IsValid(id)));
    }

    [Fact]
    public void New_InOneMillisecond_DoesNotCollide()
    {
        var moment = DateTimeOffset.UtcNow;
        Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(_ => SortableId.New(moment)).Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("01jd0000000000000000000000x")]
    [InlineData("81jd0000000000000000000000")]
    [InlineData("01jd00000000000000000000il")]
    public void IsValid_AnythingElse_IsRefused(string? text) => Assert.False(SortableId.IsValid(text));
}
