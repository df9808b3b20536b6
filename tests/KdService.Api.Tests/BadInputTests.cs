using System.Net;
using System.Net.Sockets;
using System.Text;
using KdService.Core.Schema;

namespace KdService.Api.Tests;

/// <summary>What a user can get wrong, and that the answer says what would be right. Never a 500.</summary>
[Collection(nameof(Service))]
public sealed class BadInputTests(Service service)
{
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"a\": 1,}")]
    [InlineData("{\"a\": NaN}")]
    [InlineData("{\"a\": 1} trailing")]
    [InlineData("{\"name\": \"a\", \"name\": \"b\"}")]
    [InlineData("{\"name\": \"\\ud800\"}")]
    [InlineData("{\"labels\": {\"a\": \"\\u0000\"}}")]
    public async Task Submit_MalformedJson_Is400(string body)
    {
        using var response = await service.Http.PostAsync("/v1/jobs", Service.Json(body));
        var problem = await Service.ProblemAsync(response, 400, "malformed-json");
        Assert.Equal("", Assert.Single(problem.Errors!).Pointer);
    }

    [Fact]
    public async Task Submit_DeeplyNested_Is400()
    {
        using var response = await service.Http.PostAsync("/v1/jobs", Service.Json(new string('[', 100_000) + new string(']', 100_000)));
        await Service.ProblemAsync(response, 400, "malformed-json");
    }

    [Fact]
    public async Task Submit_InvalidUtf8_Is400()
    {
        using var body = new ByteArrayContent([(byte)'{', (byte)'"', 0xc3, 0x28, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        body.Headers.ContentType = new("application/json");
        using var response = await service.Http.PostAsync("/v1/jobs", body);
        Assert.Contains("UTF-8", (await Service.ProblemAsync(response, 400, "malformed-json")).Detail);
    }

    [Theory]
    [InlineData("[]", "", "an object")]
    [InlineData("null", "", "an object")]
    [InlineData("""{"dataset": {"name": "procedural"}, "method": {"name": "none"}}""", "/student", "missing")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "traning": {}}""", "/traning", "did you mean training?")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": 8}, "method": {"name": "none"}}""", "/student/model", "8 given; a string")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "training": {"epochs": 0}}""", "/training/epochs", "0 given; an integer from 1")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "seed": 1e999}""", "/seed", "1e999 given; an integer")]
    [InlineData("""{"dataset": {"name": "procedural", "noise": "NaN"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""", "/dataset/noise", "\"NaN\" given; a number from 0 to 1")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "alchemy"}}""", "/method/name", "one of annealing_kd")]
    [InlineData("""{"dataset": {"name": "imagenet"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""", "/dataset/name", "one of advglue, amazon, cifar10")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "../../etc/passwd"}, "method": {"name": "none"}}""", "/student/model", "GET /v1/models")]
    [InlineData("""{"dataset": {"name": "cifar10"}, "student": {"model": "resnet8"}, "method": {"name": "none"}}""", "/dataset/name", "missing from the data root")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "kd"}}""", "/teacher", "missing")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "teacher": {"job": "01jtqv8k3m5x7r9w2y4z6a8c0e"}, "method": {"name": "kd"}}""", "/teacher/job", "a succeeded job")]
    [InlineData("""{"dataset": {"name": "procedural"}, "student": {"model": "resnet8"}, "method": {"name": "none"}, "name": "a\u001bb"}""", "/name", "a string that matches")]
    public async Task Submit_SpecThatCannotBeDone_Is422AndNamesTheField(string body, string pointer, string detail)
    {
        foreach (var path in new[] { "/v1/jobs", "/v1/jobs/validate" })
        {
            using var response = await service.Http.PostAsync(path, Service.Json(body));
            var problem = await Service.ProblemAsync(response, 422, "invalid-document");
            Assert.Contains(problem.Errors!, error => error.Pointer == pointer && error.Detail.Contains(detail, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Validate_SeveralProblems_NamesThemAll()
    {
        using var response = await service.Http.PostAsync("/v1/jobs/validate", Service.Json(
            """{"dataset": {"name": "procedural", "samples": 1}, "student": {"model": "resnet9"}, "method": {"name": "none", "alpha": 1}, "seed": -1}"""));
        var problem = await Service.ProblemAsync(response, 422, "invalid-document");
        Assert.Equal(["/dataset/samples", "/method/alpha", "/seed", "/student/model"], problem.Errors!.Select(error => error.Pointer).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData(null)]
    public async Task Submit_BodyThatIsNotJsonByItsType_Is415(string? type)
    {
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Service.Spec()));
        if (type is not null) body.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await service.Http.PostAsync("/v1/jobs", body);
        Assert.Contains("application/json", (await Service.ProblemAsync(response, 415, "unsupported-media-type")).Detail);
    }

    [Fact]
    public async Task Submit_BodyOf100Megabytes_Is413BeforeItIsRead()
    {
        // By hand, so that the refusal is seen to come although not one byte of the body has been sent.
        using var connection = new TcpClient();
        await connection.ConnectAsync(IPAddress.Loopback, service.Http.BaseAddress!.Port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n"));
        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 413", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Submit_EndlessChunkedBody_Is413()
    {
        using var body = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes("\"" + new string('a', DocumentReader.MaxBytes) + "\"")));
        body.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = body };
        request.Headers.TransferEncodingChunked = true;
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 413, "body-too-large");
    }

    [Theory]
    [InlineData("/v1/jobs/nope")]
    [InlineData("/v1/jobs/..%2f..%2fetc%2fpasswd")]
    [InlineData("/v1/jobs/01JTQV8K3M5X7R9W2Y4Z6A8C0E")]
    [InlineData("/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e")]
    [InlineData("/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/events")]
    [InlineData("/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/metrics")]
    [InlineData("/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/checkpoints")]
    [InlineData("/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/artifacts")]
    public async Task Get_UnknownJob_Is404(string path)
    {
        using var response = await service.Http.GetAsync(path);
        await Service.ProblemAsync(response, 404, "job-not-found");
    }

    [Fact]
    public async Task Follow_UnknownJob_Is404()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/events") { Headers = { { "Accept", "text/event-stream" } } };
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 404, "job-not-found");
    }

    [Theory]
    [InlineData("/v1/jobs?stauts=queued", "/stauts", "did you mean status?")]
    [InlineData("/v1/jobs?status=flying", "/status/0", "one of waiting, queued")]
    [InlineData("/v1/jobs?limit=0", "/limit", "0 given; an integer from 1 to 1000")]
    [InlineData("/v1/jobs?limit=ten", "/limit", "\"ten\" given; an integer")]
    [InlineData("/v1/jobs?limit=1&limit=2", "/limit", "more than once")]
    [InlineData("/v1/jobs?cursor=xyz", "/cursor", "\"xyz\" given")]
    [InlineData("/v1/jobs?label=team", "/label/0", "\"team\" given")]
    [InlineData("/v1/jobs?method=%00", "", "U+0000")]
    [InlineData("/v1/jobs?method=nope", "/method", "\"nope\" given; one of ")]
    [InlineData("/v1/jobs?dataset=imagenet", "/dataset", "\"imagenet\" given; one of ")]
    [InlineData("/v1/jobs?student=resnet9", "/student", "\"resnet9\" given; did you mean resnet8?")]
    [InlineData("/v1/benchmarks?method=kd", "/method", "the fields here are cursor, label, limit")]
    [InlineData("/v1/nodes?all=1", "/all", "unknown parameter")]
    [InlineData("/healthz?deep=1", "/deep", "unknown parameter")]
    public async Task Get_BadQuery_Is400AndNamesTheParameter(string path, string pointer, string detail)
    {
        using var response = await service.Http.GetAsync(path);
        var problem = await Service.ProblemAsync(response, 400, "invalid-parameter");
        Assert.Contains(problem.Errors!, error => error.Pointer == pointer && error.Detail.Contains(detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_UnknownQueryParameter_NamesThoseAccepted()
    {
        using var response = await service.Http.GetAsync("/v1/jobs?sort=name");
        Assert.Contains("status, method, label, dataset, student, name, limit, cursor", (await Service.ProblemAsync(response, 400, "invalid-parameter")).Detail);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    public async Task Submit_BadIdempotencyKey_Is400(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = Service.Json(Service.Spec()) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 400, "invalid-parameter");
    }

    [Fact]
    public async Task Submit_LongIdempotencyKey_Is400()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = Service.Json(Service.Spec()) };
        request.Headers.Add("Idempotency-Key", new string('k', 256));
        using var response = await service.Http.SendAsync(request);
        Assert.Equal("/Idempotency-Key", Assert.Single((await Service.ProblemAsync(response, 400, "invalid-parameter")).Errors!).Pointer);
    }

    [Theory]
    [InlineData("/v1/artifacts/0000")]
    [InlineData("/v1/artifacts/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/v1/artifacts/0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("/v1/artifacts/ABCDEF0000000000000000000000000000000000000000000000000000000000")]
    public async Task Get_UnknownArtifact_Is404(string path)
    {
        using var response = await service.Http.GetAsync(path);
        await Service.ProblemAsync(response, 404, "artifact-not-found");
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "not-found")]
    [InlineData("GET", "/v1", 404, "not-found")]
    [InlineData("GET", "/v1/methods/alchemy", 404, "not-found")]
    [InlineData("DELETE", "/v1/jobs", 405, "method-not-allowed")]
    [InlineData("PUT", "/v1/models", 405, "method-not-allowed")]
    [InlineData("GET", "/v1/jobs/validate", 404, "job-not-found")]
    public async Task Send_WrongAddressOrMethod_IsAProblemToo(string method, string path, int status, string kind)
    {
        using var response = await service.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        var problem = await Service.ProblemAsync(response, status, kind);
        if (status == 405) Assert.NotEmpty(response.Content.Headers.Allow);
        Assert.Equal(path, problem.Instance);
    }
}
