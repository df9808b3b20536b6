using KdService.Cli.Local;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Cli.Tests;

public sealed class DataRootTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("kd-data-root-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void Counted_FillsInTheRowsThatTheSpecLeavesOut()
    {
        WriteTable("train.csv", 20);
        WriteTable("test.csv", 5);
        var counted = (TextFiles)Counted(Files).Dataset;
        Assert.Equal((20, 5), (counted.TrainRows, counted.TestRows));
        // What the spec says stays, for the trainer to check; what is missing is for others to complain of.
        Assert.Equal((21, 5), (Counted(Files with { TrainRows = 21 }).Dataset.TrainSize, Counted(Files with { TrainRows = 21 }).Dataset.TestSize));
        Assert.Null(((TextFiles)Counted(Files with { Test = "none.csv" }).Dataset).TestRows);
    }

    [Fact]
    public void Counted_OfTablesThatAreNotWhatTheSpecSays_RefusesThem()
    {
        WriteTable("train.csv", 9);
        WriteTable("test.csv", 5);
        Assert.Equal("dataset.train: train.csv has 9 rows; at least 10", $"{Assert.Single(Assert.Throws<InvalidDocumentException>(() => Counted(Files)).Problems)}");
        var unread = Assert.Throws<CommandFailedException>(() => Counted(Files with { Label = "stars" }));
        Assert.EndsWith("train.csv:1: there is no column 'stars'; the columns are 'text', 'label'", unread.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Refused, unread.ExitCode);
    }

    private static TextFiles Files => new() { Vocabulary = "phrases", Train = "train.csv", Test = "test.csv", Labels = ["bad", "good"] };

    private JobSpec Counted(TextFiles files) =>
        DataRoot.Counted(new JobSpec { Dataset = files, Student = new StudentSpec { Model = "bert-l1-h64" }, Method = new None() }, _root.FullName);

    private void WriteTable(string name, int rows) => File.WriteAllText(Path.Combine(_root.FullName, name), "text,label\n" + string.Concat(Enumerable.Repeat("fine,good\n", rows)));
}
