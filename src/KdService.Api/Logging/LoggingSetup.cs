using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Settings.Configuration;

namespace KdService.Api.Logging;

/// <summary>Serilog, as section <c>Serilog</c> of the configuration says.</summary>
public static class LoggingSetup
{
    /// <summary>Replaces the built-in log.</summary>
    public static void AddSerilog(this IHostApplicationBuilder builder)
    {
        // The sinks are named so that start-up does not search every assembly for them.
        var sinks = new ConfigurationReaderOptions(typeof(ConsoleLoggerConfigurationExtensions).Assembly, typeof(FileLoggerConfigurationExtensions).Assembly);
        var logger = new LoggerConfiguration()
            .ReadFrom.Configuration(builder.Configuration, sinks)
            .Enrich.FromLogContext()
            .Enrich.With<JobTag>()
            .CreateLogger();
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logger, dispose: true);
    }

    /// <summary>Makes <c>{Job}</c> for output templates: the id and attempt of the job that a line belongs to, or nothing if its text says so itself.</summary>
    private sealed class JobTag : ILogEventEnricher
    {
        public void Enrich(LogEvent line, ILogEventPropertyFactory properties)
        {
            if (!line.Properties.TryGetValue("JobId", out var id) || line.MessageTemplate.Text.Contains("{JobId}", StringComparison.Ordinal)) return;
            var attempt = line.Properties.TryGetValue("Attempt", out var number) ? $"#{number}" : "";
            line.AddPropertyIfAbsent(new LogEventProperty("Job", new ScalarValue($" [{id.ToString().Trim('"')}{attempt}]")));
        }
    }
}
