using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Wire;
using KdService.Tests;

namespace KdService.EndToEnd.Tests;

/// <summary>The way of models with their weights, over HTTP, through real processes: a student leaves, comes back and teaches.</summary>
public class ModelTests
{
    [Fact]
    public async Task Student_ImportedAgain_TeachesAsItIsAndFineTuned_BesideAnImportedGenerator()
    {
        await using var service = await ServiceProcess.StartAsync();
        var first = await service.SucceededAsync((await service.SubmitAsync(Spec(""" "method": {"name": "none"} """))).Id);
        Dictionary<string, byte[]> files = [];
        foreach (var artifact in (await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{first.Id}/artifacts")).Items.Where(artifact => artifact.Name.StartsWith("student/", StringComparison.Ordinal)))
            files[Path.GetFileName(artifact.Name)] = await service.Http.GetByteArrayAsync(artifact.Url);
        var model = await ImportAsync(service, files);
        Assert.Equal((Target.Class, false), (model.Target, model.MaskedLmHead));
        var folder = SmallFolder.Write(Path.Combine(service.StateDirectory, "guesser"), "distilbert-l1-h64", target: Target.Word);
        var guesser = await ImportAsync(service, Directory.EnumerateFiles(folder).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes));
        Assert.Equal((null, true), (guesser.Target, guesser.MaskedLmHead));

        // As it is, with words that another model fills in, and attacked at the end.
        var mate = await service.SucceededAsync((await service.SubmitAsync(Spec($$"""
            "teacher": {"imported": "{{model.Id}}"}, "evaluation": {"attacks": [{"name": "character", "samples": 5}]},
            "method": {"name": "mate_kd", "imported_generator": "{{guesser.Id}}", "generator_batches": 1, "student_batches": 1}
            """))).Id);
        Assert.Equal(first.Report!.Models[^1].Best.Accuracy, mate.Report!.Models[0].Best.Accuracy);
        Assert.Equal([ModelRole.Teacher, ModelRole.Student], mate.Report.Models.Select(reported => reported.Role));
        Assert.Single(mate.Report.Models[^1].Robustness!.Attacks);
        Assert.Contains((await service.MetricsAsync(mate.Id)).Keys, key => key.Series == "train/changed_words");

        // Fine-tuned by a job of its own, whose checkpoints a student follows.
        var followed = await service.SucceededAsync((await service.SubmitAsync(Spec($$"""
            "teacher": {"model": "bert-l1-h64", "init": {"from": "imported", "model": "{{model.Id}}"}, "checkpoints": 2}, "method": {"name": "pro_kd", "max_temperature": 1}
            """))).Id);
        var teacher = await service.JobAsync(followed.TeacherJob!);
        Assert.Equal((model.Id, true), (teacher.Plan!.Model("student").Imported, teacher.Plan.Model("student").ImportedHead));
        using var refused = await service.PostAsync("/v1/jobs", Spec($$""" "teacher": {"imported": "{{model.Id}}"}, "method": {"name": "pro_kd", "max_temperature": 1} """));
        Assert.Contains("/teacher/imported", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<ImportedView> ImportAsync(ServiceProcess service, Dictionary<string, byte[]> files)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, bytes) in files) form.Add(new ByteArrayContent(bytes), "files", name);
        using var response = await service.Http.PostAsync("/v1/models", form);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return Core.Schema.Json.Read<ModelView>(body).Imported!;
    }

    private static string Spec(string rest) => $$"""
        {"dataset": {"name": "phrases", "samples": 300, "test_samples": 100}, "student": {"model": "bert-l1-h64"}, {{rest}},
         "training": {"epochs": 2, "batch_size": 32, "optimizer": {"name": "adamw", "learning_rate": 0.001} }, "resources": {"threads": 1} }
        """;
}
