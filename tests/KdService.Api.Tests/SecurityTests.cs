using System.Diagnostics;
using System.Net;
using KdService.Api.Security;
using KdService.Jobs;
using Microsoft.Extensions.Configuration;

namespace KdService.Api.Tests;

[Collection(nameof(Service))]
public sealed class SecurityTests(Service service)
{
    private const string Key = "0123456789abcdef-right";

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("192.0.2.1:5080")]
    public async Task Request_WithForeignHost_Is421(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/jobs") { Headers = { Host = host } };
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 421, "misdirected-host");
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1234")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:5080")]
    public async Task Request_WithLoopbackHost_IsAnswered(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Host = host } };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://localhost:1")]
    [InlineData("null")]
    public async Task Request_FromAPageOfAnotherSite_Is403(string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs/01jtqv8k3m5x7r9w2y4z6a8c0e/cancel") { Headers = { { "Origin", origin } } };
        using var response = await service.Http.SendAsync(request);
        await Service.ProblemAsync(response, 403, "foreign-origin");
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Request_FromOurOwnPage_IsAnswered()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs/validate")
        {
            Content = Service.Json(Service.Spec()),
            Headers = { { "Origin", service.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) } },
        };
        using var response = await service.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/v1/models")]
    [InlineData("/v1/nowhere")]
    [InlineData("/")]
    public async Task EveryAnswer_HasTheSecurityHeaders(string path)
    {
        using var response = await service.Http.GetAsync(path);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public void ApiKeys_AcceptWhatIsConfiguredAndNothingElse()
    {
        var keys = Keys(Key, "another-key-of-enough-length");
        Assert.True(keys.Required);
        Assert.True(keys.Accept(Key));
        Assert.True(keys.Accept("another-key-of-enough-length"));
        Assert.False(keys.Accept(Key + "x"));
        Assert.False(keys.Accept(""));
        Assert.False(Keys().Required);
    }

    [Fact]
    public void ApiKeys_ShortKey_IsRefusedWithoutBeingShown()
    {
        var refusal = Assert.Throws<ConfigurationException>(() => Keys("hunter2"));
        Assert.Contains("Kd:ApiKeys:0: 7 characters given", refusal.Message);
        Assert.DoesNotContain("hunter2", refusal.Message);
    }

    [Fact]
    public async Task Service_WithKeys_OpensToThemAlone()
    {
        await using var guarded = await service.StartAnotherAsync($"--Kd:ApiKeys:0={Key}", "--Kd:NodeId=guarded");
        await Expect("/v1/models", 401);
        await Expect("/v1/nowhere", 401);
        await Expect("/v1/models", 401, ("X-Api-Key", Key + "x"));
        await Expect("/v1/models", 401, ("Authorization", $"Basic {Key}"));
        await Expect("/v1/models", 200, ("X-Api-Key", Key));
        await Expect("/v1/models", 200, ("Authorization", $"Bearer {Key}"));
        await Expect("/v1/models", 200, ("Authorization", $"bearer {Key}"), ("Host", "kd.example.org"));
        await Expect("/healthz", 200);
        await Expect("/swagger/v1/swagger.json", 200);

        async Task Expect(string path, int status, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            foreach (var (name, value) in headers) request.Headers.Add(name, value);
            using var response = await guarded.Http.SendAsync(request);
            Assert.Equal(status, (int)response.StatusCode);
            if (status != 401) return;
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
            await Service.ProblemAsync(response, 401, "unauthorized");
        }
    }

    [Theory]
    [InlineData("--Urls=http://0.0.0.0:0", "Set Kd:ApiKeys:0")]
    [InlineData("--Urls=http://[::]:0", "Set Kd:ApiKeys:0")]
    [InlineData("--Urls=http://*:0", "Set Kd:ApiKeys:0")]
    [InlineData("--Kd:LeaseSeconds=6", "Kd:LeaseSeconds: 6 given; at least twice HeartbeatSeconds (5)")]
    [InlineData("--Kd:CheckinSeconds=soon", "'Kd:CheckinSeconds'")]
    [InlineData("--Kd:ConnectionString=Host=db;Flavour=sour", "Kd:ConnectionString: ")]
    [InlineData("--Kd:ApiKeys:0=hunter2", "Kd:ApiKeys:0: 7 characters given")]
    public async Task Service_WrongSetting_RefusesToStartAndSaysWhatToSetInOneLine(string setting, string message)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "kd-service.dll"), "--Urls=http://127.0.0.1:0", .. service.Sharing, "--Kd:NodeId=open", setting])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        Assert.Equal(78, process.ExitCode);
        Assert.Contains(message, error);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static ApiKeys Keys(params string[] keys) => new(new ConfigurationBuilder()
        .AddInMemoryCollection(keys.Select((key, index) => KeyValuePair.Create<string, string?>($"Kd:ApiKeys:{index}", key))).Build());
}
