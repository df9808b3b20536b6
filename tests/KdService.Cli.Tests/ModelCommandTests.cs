using KdService.Cli.Service;
using KdService.Core.Schema;
using KdService.Core.Wire;
using KdService.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KdService.Cli.Tests;

public sealed class ModelCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-cli-model-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Import_SendsTheFilesOfTheFolderAndPrintsTheId()
    {
        SmallFolder.Write(_folder.FullName);
        File.WriteAllText(Path.Combine(_folder.FullName, "README.md"), "stays here");
        Dictionary<string, long> received = [];
        string? name = null;
        await using var service = await StandInService.Start(app => app.MapPost("/v1/models", async (HttpRequest request) =>
        {
            var form = await request.ReadFormAsync();
            foreach (var file in form.Files) received[file.FileName] = file.Length;
            name = form["name"];
            var view = new ModelView("reviews", "Bert encoder", new Dictionary<string, long>(), 1)
            {
                Imported = new ImportedView { Id = "01jtqv8k3m5x7r9w2y4z6a8c0e", CreatedAt = DateTimeOffset.UtcNow, Architecture = "bert-l1-h64", Vocabulary = 1, VocabularyDigest = "", MaskedLmHead = false, Labels = [], Files = [] },
            };
            return Results.Text(Json.Write(view), "application/json");
        }));
        var environment = new Dictionary<string, string> { ["KD_URL"] = service.Address.ToString() };

        var (status, output, error) = await KdProgram.Run(environment, "model", "import", _folder.FullName, "--name", "reviews");

        Assert.Equal((ExitCodes.Done, "01jtqv8k3m5x7r9w2y4z6a8c0e\n", ""), (status, output, error));
        Assert.Equal(["config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"], received.Keys.Order());
        Assert.Equal(new FileInfo(Path.Combine(_folder.FullName, "model.safetensors")).Length, received["model.safetensors"]);
        Assert.Equal("reviews", name);

        Assert.Equal(ExitCodes.Done, (await KdProgram.Run(environment, "model", "import", $"{_folder.FullName}/")).Status);
        Assert.Equal(_folder.Name, name);
    }

    [Fact]
    public async Task Import_OfAFolderThatCannotBeServed_SaysAllOfItAndSendsNothing()
    {
        SmallFolder.Write(_folder.FullName, tensors: new() { ["classifier.bias"] = [7] });
        SmallFolder.Configure(_folder.FullName, "vocab_size", 3);
        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = "http://127.0.0.1:9" }, "model", "import", _folder.FullName);
        Assert.Equal(ExitCodes.Refused, status);
        Assert.Contains("classifier.bias is [7]; [3] is right", error, StringComparison.Ordinal);
        Assert.Contains("vocab_size: 3 given", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_OfAFolderThatIsNotThere_IsAMistakeOfTheCommandLine()
    {
        var (status, _, error) = await KdProgram.Run(new Dictionary<string, string> { ["KD_URL"] = "http://127.0.0.1:9" }, "model", "import", $"{_folder.FullName}/none");
        Assert.Equal(ExitCodes.Usage, status);
        Assert.Contains($"{_folder.FullName}/none: there is no such folder", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("report.json", "report.json")]
    [InlineData("student/config.json", "student/config.json")]
    [InlineData("../config.json", "config.json")]
    [InlineData("a/../config.json", "config.json")]
    [InlineData("a/b/config.json", "config.json")]
    [InlineData("/etc/config.json", "config.json")]
    public void ArtifactPath_LeavesNoFolder(string name, string expected) =>
        Assert.Equal(Path.Combine(_folder.FullName, expected), ArtifactPath.Within(_folder.FullName, name));
}
