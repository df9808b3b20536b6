using KdService.Api.Errors;
using KdService.Api.Logging;
using KdService.Api.Models;
using KdService.Api.OpenApi;
using KdService.Api.Security;
using KdService.Core.Schema;
using KdService.Jobs;
using Microsoft.AspNetCore.Connections;

namespace KdService.Api;

/// <summary>The service.</summary>
public static class Program
{
    private const int ConfigurationError = 78; // EX_CONFIG

    /// <summary>Runs the service until it is asked to stop.</summary>
    public static async Task<int> Main(string[] args)
    {
        try
        {
            await RunAsync(args);
            return 0;
        }
        catch (Exception failed) when (failed is ConfigurationException or IOException { InnerException: AddressInUseException })
        {
            // The message says what to change; where it came from would only hide it.
            await Console.Error.WriteLineAsync(failed.Message);
            return ConfigurationError;
        }
    }

    /// <summary>Puts the service together.</summary>
    public static WebApplication Build(string[] args)
    {
        // The configuration lies beside the program, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddSerilog();
        builder.AddSecurity();
        builder.AddKdJobs();
        builder.AddOpenApiDocument();
        builder.Services.AddSingleton<ModelUpload>();
        builder.Services.ConfigureHttpJsonOptions(options => Json.Configure(options.SerializerOptions));

        var app = builder.Build();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseSecurity();
        app.UseOpenApiDocument();
        app.MapApi();
        return app;
    }

    private static async Task RunAsync(string[] args)
    {
        await using var app = Build(args);
        try
        {
            await app.StartAsync();
        }
        catch
        {
            // The host leaves running what it had started before; the database and the queue would outlive us.
            await app.StopAsync();
            throw;
        }
        await app.WaitForShutdownAsync();
    }
}
