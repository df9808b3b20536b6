using KdService.Jobs.Tests.Support;

namespace KdService.Jobs.Tests;

public class KdOptionsTests
{
    [Fact]
    public void Queues_AreReadAsNumbersOfCpuSlotsOrListsOfDevices()
    {
        var options = TestCluster.Options("/state", ("Queues:cpu", "2"), ("Queues:gpu:h200", "cuda:0, cuda:1"));

        Assert.Equal(["cpu", "cpu"], options.Queues["cpu"]);
        Assert.Equal(["cuda:0", "cuda:1"], options.Queues["gpu:h200"]);
        Assert.Equal(["cpu"], TestCluster.Options("/state").Queues["cpu"]);
    }

    [Theory]
    [InlineData("NodeId", "../up", "Kd:NodeId: ../up given")]
    [InlineData("Roles:0", "boss", "Kd:Roles: boss given; api or worker")]
    [InlineData("Queues:cpu", "0", "Kd:Queues:cpu: '0' given")]
    [InlineData("Queues:gpu", "cuda:0;rm", "Kd:Queues:gpu: 'cuda:0;rm' given")]
    [InlineData("CheckinSeconds", "soon", "Failed to convert configuration value 'soon' at 'Kd:CheckinSeconds'")]
    [InlineData("SignalCacheGigabytes", "0", "Kd:SignalCacheGigabytes: 0 given; a positive number")]
    [InlineData("LeaseSeconds", "6", "Kd:LeaseSeconds: 6 given; at least twice HeartbeatSeconds (5)")]
    public void Options_ThatCannotBe_AreRefusedByName(string key, string value, string message)
    {
        var refused = Assert.Throws<ConfigurationException>(() => TestCluster.Options("/state", (key, value)));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_LeftOut_AreBoth()
    {
        var (both, api) = (TestCluster.Options("/state"), TestCluster.Options("/state", ("Roles:0", "api")));

        Assert.True(both is { IsApi: true, IsWorker: true } && api is { IsApi: true, IsWorker: false });
    }
}
