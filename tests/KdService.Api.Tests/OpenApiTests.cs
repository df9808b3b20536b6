using System.Text.Json.Nodes;
using KdService.Core.Methods;
using KdService.Core.Wire;

namespace KdService.Api.Tests;

/// <summary>The document describes the service that answers: every operation in full, every example works, every answer fits its schema.</summary>
[Collection(nameof(Service))]
public sealed class OpenApiTests(Service service)
{
    [Fact]
    public async Task Document_EveryOperation_HasSummaryDescriptionAndExample()
    {
        var operations = Operations(await DocumentAsync()).ToList();
        Assert.Equal(41, operations.Count);
        Assert.All(operations, operation =>
        {
            var (where, what) = ($"{operation.Method} {operation.Path}", operation.Description);
            Assert.False(string.IsNullOrWhiteSpace((string?)what["summary"]), $"{where} has no summary");
            Assert.False(string.IsNullOrWhiteSpace((string?)what["description"]), $"{where} has no description");
            Assert.False(string.IsNullOrWhiteSpace((string?)what["operationId"]), $"{where} has no id");
            Assert.True(what["requestBody"]?["content"]!["application/json"] is not { } body || body["examples"]!.AsObject().Count > 0, $"{where} has no example of its body");
            foreach (var parameter in what["parameters"]?.AsArray() ?? [])
                Assert.False(string.IsNullOrWhiteSpace((string?)parameter!["description"]), $"{where}: parameter {parameter["name"]} has no description");
            var json = what["responses"]!.AsObject().Where(response => response.Key[0] == '2').Select(response => response.Value!["content"]?["application/json"]).OfType<JsonNode>();
            Assert.All(json, content => Assert.True(content["example"] is not null, $"{where} has an answer without an example"));
            Assert.Contains(what["responses"]!.AsObject(), response => response.Value!["content"]?["application/problem+json"]?["example"] is not null);
        });
        Assert.Equal(operations.Count, operations.Select(operation => (string?)operation.Description["operationId"]).Distinct().Count());
    }

    [Fact]
    public async Task Document_EveryAnswerExample_FitsItsSchema()
    {
        var document = await DocumentAsync();
        var schemas = new SchemaCheck(document);
        foreach (var operation in Operations(document))
        {
            foreach (var (status, response) in operation.Description["responses"]!.AsObject())
            {
                foreach (var (_, content) in response!["content"]?.AsObject() ?? [])
                    if (content!["example"] is { } example) schemas.Check(content["schema"]!, example, $"{operation.Method} {operation.Path} {status}");
            }
        }
    }

    public static TheoryData<string> MethodNames => [.. MethodCatalogue.All.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(MethodNames))]
    public async Task Example_OfEveryMethod_FitsItsSchemaValidatesAndIsAccepted(string method)
    {
        var document = await DocumentAsync();
        var content = document["paths"]!["/v1/jobs"]!["post"]!["requestBody"]!["content"]!["application/json"]!;
        var spec = content["examples"]![method]!["value"]!;
        new SchemaCheck(document).Check(content["schema"]!, spec, $"the example of {method}");
        // Elsewhere than the scripted trainer, which would have to be taught every method.
        spec["queue"] = Service.Parked;
        foreach (var path in new[] { "/v1/jobs/validate", "/v1/jobs" })
        {
            using var response = await service.Http.PostAsync(path, Service.Json(spec.ToJsonString()));
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Example_OfEverySchedule_FitsItsSchemaAndIsAccepted()
    {
        var document = await DocumentAsync();
        var create = document["paths"]!["/v1/schedules"]!["post"]!["requestBody"]!["content"]!["application/json"]!;
        var change = document["paths"]!["/v1/schedules/{id}"]!["patch"]!["requestBody"]!["content"]!["application/json"]!;
        foreach (var (name, example) in create["examples"]!.AsObject())
        {
            new SchemaCheck(document).Check(create["schema"]!, example!["value"], $"the example of {name}");
            var schedule = await ScheduleTests.CreateAsync(service, example["value"]!.ToJsonString());
            foreach (var (changed, patch) in change["examples"]!.AsObject())
            {
                new SchemaCheck(document).Check(change["schema"]!, patch!["value"], $"the example of {changed}");
                using var response = await service.Http.PatchAsync($"/v1/schedules/{schedule.Id}", Service.Json(patch["value"]!.ToJsonString()));
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            }
        }
    }

    [Fact]
    public async Task Example_OfEveryBenchmark_FitsItsSchemaValidatesAndIsAccepted()
    {
        var document = await DocumentAsync();
        var content = document["paths"]!["/v1/benchmarks"]!["post"]!["requestBody"]!["content"]!["application/json"]!;
        foreach (var (name, example) in content["examples"]!.AsObject())
        {
            var benchmark = example!["value"]!;
            new SchemaCheck(document).Check(content["schema"]!, benchmark, $"the example of {name}");
            benchmark["base"]!["queue"] = Service.Parked;
            foreach (var path in new[] { "/v1/benchmarks/validate", "/v1/benchmarks" })
            {
                using var response = await service.Http.PostAsync(path, Service.Json(benchmark.ToJsonString()));
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            }
        }
    }

    [Fact]
    public async Task Example_OfEveryReadingOperation_AnswersAndFitsItsSchema()
    {
        var document = await DocumentAsync();
        var schemas = new SchemaCheck(document);
        var job = await service.RunAsync();
        var (schedule, benchmark) = (await ScheduleTests.RunAsync(service), await BenchmarkTests.RunAsync(service));
        var artifact = Assert.Single((await service.GetAsync<Page<ArtifactView>>($"/v1/jobs/{job.Id}/artifacts")).Items);
        foreach (var operation in Operations(document).Where(operation => operation.Method == "get"))
        {
            var id = operation.Path.Split('/').ElementAtOrDefault(2) switch { "schedules" => schedule, "benchmarks" => benchmark.Id, "models" => "resnet20", _ => job.Id };
            var path = operation.Path.Replace("{id}", id, StringComparison.Ordinal).Replace("{sha256}", artifact.Sha256, StringComparison.Ordinal);
            List<string> query = [];
            foreach (var parameter in operation.Description["parameters"]?.AsArray() ?? [])
            {
                var name = (string)parameter!["name"]!;
                if ((string?)parameter["in"] == "path") path = path.Replace($"{{{name}}}", (string?)parameter["example"], StringComparison.Ordinal);
                if ((string?)parameter["in"] != "query" || parameter["example"] is not { } example) continue;
                query.AddRange((example as JsonArray ?? [example.DeepClone()]).Select(value => $"{name}={Uri.EscapeDataString($"{value}")}"));
            }
            using var response = await service.Http.GetAsync(path + (query.Count > 0 ? "?" + string.Join('&', query) : ""));
            Assert.True(response.IsSuccessStatusCode, $"{path}: {await response.Content.ReadAsStringAsync()}");
            if (response.Content.Headers.ContentType?.MediaType != "application/json") continue;
            var schema = operation.Description["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;
            schemas.Check(schema, JsonNode.Parse(await response.Content.ReadAsStringAsync()), $"GET {path}");
        }
    }

    [Fact]
    public async Task Swagger_IsServedWithoutScriptsFromElsewhere()
    {
        using var response = await service.Http.GetAsync("/swagger/index.html");
        Assert.True(response.IsSuccessStatusCode);
        Assert.Contains("default-src 'self'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
    }

    private async Task<JsonObject> DocumentAsync() => JsonNode.Parse(await service.Http.GetStringAsync("/swagger/v1/swagger.json"))!.AsObject();

    private static IEnumerable<(string Method, string Path, JsonObject Description)> Operations(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (operation.Key, path.Key, operation.Value!.AsObject());
}
