using KdService.Text.Tasks;

namespace KdService.Text.Tests.Tasks;

/// <summary>Data sets of one's own.</summary>
public class TextTablesTests
{
    private static readonly TextLayout Reviews = new() { TextA = "text", Label = "stars", Id = "key", Labels = new LabelSet("bad", "good") };

    [Theory]
    [InlineData(TableFormat.Csv, "key,stars,text\nx,good,\"a, \"\"b\"\"\"\r\ny,bad,c\n")]
    [InlineData(TableFormat.Tsv, "stars\ttext\tother\tkey\ngood\ta, \"b\"\t\tx\nbad\tc\t\ty")]
    [InlineData(TableFormat.JsonLines, "{\"text\": \"a, \\\"b\\\"\", \"stars\": \"good\", \"key\": \"x\", \"more\": []}\n\n{\"key\":\"y\",\"text\":\"c\",\"stars\":\"bad\"}")]
    public void Read_AnyFormat_HasTheSameExamples(TableFormat format, string content)
    {
        using var folder = new TemporaryFolder();
        var set = TextTables.Read(folder.Write("reviews", content), format, Reviews);
        Assert.Equal([new("x", "a, \"b\"", Label: 1), new("y", "c", Label: 0)], set.Examples);
    }

    [Fact]
    public void Read_ScoresAndNumbers_AreScores()
    {
        using var folder = new TemporaryFolder();
        var layout = new TextLayout { TextA = "a", TextB = "b", Label = "score", Scores = (0, 1) };
        var path = folder.Write("pairs.jsonl", "{\"a\":\"x\",\"b\":\"y\",\"score\":0.25}\n{\"a\":\"x\",\"b\":\"y\",\"score\":\"1e-1\"}");
        Assert.Equal([0.25, 0.1], TextTables.Read(path, TableFormat.JsonLines, layout).Examples.Select(example => example.Score!.Value));
        Assert.EndsWith(":1: 'score' is '0.25'; a number from 0 to 0.1 is right", Fault(() => TextTables.Read(path, TableFormat.JsonLines, layout with { Scores = (0, 0.1) })), StringComparison.Ordinal);
        path = folder.Write("pairs.tsv", "a\tb\tscore\nx\ty\tNaN");
        Assert.EndsWith(":2: 'score' is 'NaN'; a number is right where no labels are named (labels)", Fault(() => TextTables.Read(path, TableFormat.Tsv, layout with { Scores = null })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TableFormat.Csv, "", "f: the file is empty")]
    [InlineData(TableFormat.Csv, "key,stars,text\n", "f: there are no rows")]
    [InlineData(TableFormat.JsonLines, "\n", "f: there are no rows")]
    [InlineData(TableFormat.Csv, "key,rating,text\n1,good,x", "f:1: there is no column 'stars'; the columns are 'key', 'rating', 'text'")]
    [InlineData(TableFormat.Csv, "key,stars,text\n1,good,\"x\ny\"\n2,fine,x", "f:4: 'stars' is 'fine'; one of bad, good")]
    [InlineData(TableFormat.Csv, "key,stars,text\n1,good,\"x\n2,bad,y", "f:2: a quote is not closed")]
    [InlineData(TableFormat.Csv, "key,stars,text\n1,good,\"x\"y", "f:2: 'y' follows a closed quote")]
    [InlineData(TableFormat.Csv, "key,stars,text\n1,good,x,y", "f:2: 4 columns given; 3 are right")]
    [InlineData(TableFormat.Tsv, "key\tstars\ttext\n1\tgood", "f:2: 2 columns given; 3 are right")]
    [InlineData(TableFormat.JsonLines, "{\"key\":\"1\",\"text\":\"x\",\"label\":0}", "f:1: there is no 'stars'; the object has 'key', 'text', 'label'")]
    [InlineData(TableFormat.JsonLines, "{\"key\":1,\"text\":null,\"stars\":\"bad\"}", "f:1: 'text' is null")]
    [InlineData(TableFormat.JsonLines, "{\"key\":1,\"text\":[],\"stars\":\"bad\"}", "f:1: 'text' is a JSON Array")]
    [InlineData(TableFormat.JsonLines, "{\"key\":1,\n", "f:1: not JSON")]
    [InlineData(TableFormat.JsonLines, "[1]", "f:1: a JSON Array given; an object a line is right")]
    public void Read_ATableThatIsWrong_NamesTheLineAndWhatWouldBeRight(TableFormat format, string content, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("f", content);
        Assert.Contains(message, Fault(() => TextTables.Read(path, format, Reviews)), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TextThatIsNotUtf8_NamesLineAndByte()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("f"), [.. "key\tstars\ttext\n1\tgood\tcaf"u8, 0xE9, (byte)'\n']);
        Assert.EndsWith("f:2: byte 0xE9 at 25 (column 11) is not UTF-8; text in UTF-8 is right", Fault(() => TextTables.Read(folder.File("f"), TableFormat.Tsv, Reviews)), StringComparison.Ordinal);
        Assert.EndsWith("none: no such file", Fault(() => TextTables.Read(folder.File("none"), TableFormat.Tsv, Reviews)), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HalfOfASurrogatePair_NamesTheLineAndTheField()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("f", """
            {"key": "a", "stars": "good", "text": "whole \ud83d\ude00"}
            {"key": "b", "stars": "good", "text": "\ud800 half"}
            """);
        Assert.EndsWith("f:2: /text: half of a surrogate pair, or bytes that are not UTF-8, given; a text is right", Fault(() => TextTables.Read(path, TableFormat.JsonLines, Reviews)), StringComparison.Ordinal);
    }

    private static string Fault(Func<object> action) => Assert.Throws<TextDataException>(action).Message;
}
