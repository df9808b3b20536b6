using System.Security.Cryptography;
using System.Text;
using KdService.Core.Runs;
using KdService.Jobs.Persistence;
using KdService.Jobs.Queue;
using KdService.Jobs.Tests.Support;
using KdService.Jobs.Worker;

namespace KdService.Jobs.Tests;

public class ArtifactStoreTests : JobsTest
{
    [Fact]
    public async Task Bytes_PutTwice_AreKeptOnceUnderTheirChecksum()
    {
        var store = new ArtifactStore(TestCluster.Options(Folder.Path));
        var bytes = Encoding.UTF8.GetBytes("weights");
        await File.WriteAllBytesAsync(Folder["a"], bytes);
        await File.WriteAllBytesAsync(Folder["b"], bytes);

        var (first, length) = await store.PutAsync(Folder["a"], CancellationToken.None);
        var (second, _) = await store.PutAsync(Folder["b"], CancellationToken.None);
        File.Delete(Folder["a"]);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), first);
        Assert.Equal((first, 7L), (second, length));
        Assert.Equal(7, store.Length(first));
        using var stream = store.Open(first)!;
        using var reader = new StreamReader(stream);
        Assert.Equal("weights", await reader.ReadToEndAsync());
        Assert.Single(Directory.GetFiles(Folder["artifacts"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task ReplacingAFile_ThatWasPut_LeavesTheStoreAlone()
    {
        var store = new ArtifactStore(TestCluster.Options(Folder.Path));
        await File.WriteAllTextAsync(Folder["checkpoint"], "old");
        var (sha256, _) = await store.PutAsync(Folder["checkpoint"], CancellationToken.None);

        await File.WriteAllTextAsync(Folder["new"], "new");
        File.Move(Folder["new"], Folder["checkpoint"], overwrite: true);
        store.Fetch(sha256, Folder["fetched"]);

        Assert.Equal("old", await File.ReadAllTextAsync(Folder["fetched"]));
    }

    [Fact]
    public async Task Put_OfAMissingFile_LeavesNothingBehind()
    {
        var store = new ArtifactStore(TestCluster.Options(Folder.Path));

        await Assert.ThrowsAsync<FileNotFoundException>(() => store.PutAsync(Folder["missing"], CancellationToken.None));

        Assert.Empty(Directory.GetFiles(Folder["artifacts"], "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85/")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")] // a checksum, of bytes that are not there
    public void Texts_ThatNameNothing_OpenNothing(string text)
    {
        var store = new ArtifactStore(TestCluster.Options(Folder.Path));

        Assert.Null(store.Open(text));
        Assert.Null(store.Length(text));
        Assert.Throws<FileNotFoundException>(() => store.Fetch(text, Folder["target"]));
    }

    [Fact]
    public async Task SupersededCheckpoint_IsRemovedUnlessAnotherJobHasTheSameBytes()
    {
        var node = await StartNodeAsync(null, ("Queues:other", "1"));
        var (one, two) = (await OpenAsync(node), await OpenAsync(node));

        var shared = await CheckpointAsync(node, one, 5, "same");
        await CheckpointAsync(node, two, 5, "same");
        var last = await CheckpointAsync(node, one, 10, "next");
        Assert.NotNull(node.Artifacts.Length(shared));
        await CheckpointAsync(node, two, 10, "other");

        Assert.Null(node.Artifacts.Length(shared));
        Assert.NotNull(node.Artifacts.Length(last));
        Assert.Equal(last, Assert.Single(await node.Queries.CheckpointsAsync(one.JobId, CancellationToken.None)).Sha256);
    }

    [Fact]
    public async Task Sweep_RemovesOldBytesThatNothingRefersTo()
    {
        var node = await StartNodeAsync(null, ("Queues:other", "1"));
        var kept = await CheckpointAsync(node, await OpenAsync(node), 5, "kept");
        await File.WriteAllTextAsync(Folder["orphan"], "orphan");
        var (orphan, _) = await node.Artifacts.PutAsync(Folder["orphan"], CancellationToken.None);

        var young = await node.Get<BlobSweeper>().SweepAsync(DateTime.UtcNow.AddHours(-1), CancellationToken.None);
        var old = await node.Get<BlobSweeper>().SweepAsync(DateTime.UtcNow.AddHours(1), CancellationToken.None);

        Assert.Equal((0, 1), (young, old));
        Assert.Null(node.Artifacts.Length(orphan));
        Assert.NotNull(node.Artifacts.Length(kept));
    }

    private static async Task<AttemptName> OpenAsync(TestNode node)
    {
        var name = new AttemptName(await node.SubmitAsync(), 1);
        Assert.NotNull(await node.Get<AttemptStore>().OpenAsync(name, "cpu", CancellationToken.None));
        return name;
    }

    private async Task<string> CheckpointAsync(TestNode node, AttemptName name, long step, string content)
    {
        await File.WriteAllTextAsync(Folder["checkpoint"], content);
        var (sha256, bytes) = await node.Artifacts.PutAsync(Folder["checkpoint"], CancellationToken.None);
        var batch = new EventBatch();
        batch.Add(new StoredFile<CheckpointWritten>(
            new CheckpointWritten { Kind = CheckpointKind.Resume, Path = "checkpoint", Stage = "labels", Model = "student", Epoch = 1, Step = step },
            Folder["checkpoint"], sha256, bytes));
        await node.Get<AttemptStore>().AppendAsync(name, batch, CancellationToken.None);
        return sha256;
    }
}
