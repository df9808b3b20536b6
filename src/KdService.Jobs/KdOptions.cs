using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace KdService.Jobs;

/// <summary>How a node of the service is set up: section <c>Kd</c> of the configuration (<c>Kd__NodeId</c> and so on in the environment).</summary>
public sealed class KdOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Kd";

    /// <summary>Role of a node that answers HTTP requests.</summary>
    public const string ApiRole = "api";

    /// <summary>Role of a node that runs jobs.</summary>
    public const string WorkerRole = "worker";

    /// <summary>Npgsql connection string of a PostgreSQL 15 or later; null runs a private cluster in <see cref="StateDirectory"/>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Folder of everything the service keeps: <c>postgres/</c>, <c>artifacts/</c>, <c>work/</c>, <c>cache/</c>.</summary>
    public string StateDirectory { get; set; } = "data";

    /// <summary>Folder of the artifact store when it is not <c>artifacts/</c> of the state directory; nodes of one database share it.</summary>
    public string? ArtifactDirectory { get; set; }

    /// <summary>Folder in which data sets lie; <c>KD_DATA</c> or else <c>datasets/</c> of the state directory when left out.</summary>
    public string? DataRoot { get; set; }

    /// <summary>This node's name, unique among the workers of one database and the same after a restart.</summary>
    public string NodeId { get; set; } = Environment.MachineName;

    /// <summary>What this node does: <c>api</c>, <c>worker</c>, or both when left out.</summary>
    public IList<string>? Roles { get; set; }

    /// <summary>
    /// The queues a worker serves, with its slots: a number of CPU slots (<c>"cpu": 1</c>), or GPUs of one slot each
    /// (<c>"gpu:h200": "cuda:0,cuda:1"</c>); one CPU slot on <c>cpu</c> when left out.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Queues { get; set; } = new Dictionary<string, IReadOnlyList<string>> { ["cpu"] = ["cpu"] };

    /// <summary>The trainer: an executable, or a <c>.dll</c> run with <c>dotnet</c>; <c>kd-trainer</c> beside the service when left out.</summary>
    public string? Trainer { get; set; }

    /// <summary>Seconds after its last renewal that an attempt's lease expires and another attempt may begin.</summary>
    public double LeaseSeconds { get; set; } = 30;

    /// <summary>Seconds between two renewals of a lease and between two signs of life of a node.</summary>
    public double HeartbeatSeconds { get; set; } = 5;

    /// <summary>Seconds between two check-ins of the scheduler; a node silent for twice as long is dead to the others.</summary>
    public double CheckinSeconds { get; set; } = 7.5;

    /// <summary>Seconds between two runs of the reconciler.</summary>
    public double ReconcileSeconds { get; set; } = 15;

    /// <summary>Seconds that a trainer has to write its checkpoint after it was asked to stop.</summary>
    public double StopGraceSeconds { get; set; } = 10;

    /// <summary>Seconds before the second attempt of a job; doubled with each further one, to at most five minutes.</summary>
    public double RetryBackoffSeconds { get; set; } = 5;

    /// <summary>Seconds between two resume checkpoints inside an epoch.</summary>
    public double CheckpointSeconds { get; set; } = 60;

    /// <summary>Gigabytes of teachers' logits that a node keeps for later jobs; what was used longest ago goes first.</summary>
    public double SignalCacheGigabytes { get; set; } = 20;

    /// <summary>The most bytes of a model that is imported, all files together.</summary>
    public long MaxModelBytes { get; set; } = 8L << 30;

    /// <summary>Whether this node answers HTTP requests.</summary>
    public bool IsApi => Roles is not { Count: > 0 } roles || roles.Contains(ApiRole);

    /// <summary>Whether this node runs jobs.</summary>
    public bool IsWorker => Roles is not { Count: > 0 } roles || roles.Contains(WorkerRole);

    /// <summary>Threads of a trainer whose spec names none: the slot's share of the cores.</summary>
    internal int ThreadsPerSlot => Math.Max(1, Environment.ProcessorCount / TotalSlots);

    internal int TotalSlots => Queues.Values.Sum(devices => devices.Count);

    internal TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);

    internal TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    internal TimeSpan StopGrace => TimeSpan.FromSeconds(StopGraceSeconds);

    internal string ArtifactRoot => ArtifactDirectory ?? Path.Combine(StateDirectory, "artifacts");

    /// <summary>Where models that are being imported lie until they are checked.</summary>
    public string UploadRoot => Path.Combine(ArtifactRoot, "uploads");

    internal string WorkRoot => Path.Combine(StateDirectory, "work", NodeId);

    internal string TrainerPath => Trainer ?? Path.Combine(AppContext.BaseDirectory, "kd-trainer");

    internal long SignalCacheBytes => (long)(SignalCacheGigabytes * 1e9);

    internal string SignalCache => Path.Combine(StateDirectory, "cache");

    /// <summary>Reads the options and makes their paths absolute.</summary>
    /// <exception cref="ConfigurationException">A value is not acceptable; the message names it and says what would be right.</exception>
    public static KdOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var options = new KdOptions();
        var queues = section.GetSection(nameof(Queues));
        // Not bound: a queue's name may hold a colon, which configuration takes for nesting.
        options.Queues = queues.Exists() ? ReadQueues(queues) : options.Queues;
        Bind(section, options);
        options.StateDirectory = Path.GetFullPath(options.StateDirectory);
        options.ArtifactDirectory = options.ArtifactDirectory is { } artifacts ? Path.GetFullPath(artifacts) : null;
        options.DataRoot = Path.GetFullPath(options.DataRoot ?? configuration["KD_DATA"] ?? Path.Combine(options.StateDirectory, "datasets"));
        options.Check();
        return options;
    }

    private static void Bind(IConfigurationSection section, KdOptions options)
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException wrong)
        {
            // What is no number, say. The message names the setting and what was given.
            throw new ConfigurationException(wrong.Message, wrong);
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadQueues(IConfigurationSection section) => section
        .AsEnumerable(makePathsRelative: true)
        .Where(leaf => leaf.Key.Length > 0 && leaf.Value is not null)
        .ToDictionary(leaf => leaf.Key, IReadOnlyList<string> (leaf) => ReadDevices(leaf.Key, leaf.Value!));

    private static string[] ReadDevices(string queue, string value)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var slots) && slots is > 0 and <= 1024)
            return [.. Enumerable.Repeat("cpu", slots)];
        var devices = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return devices.Length > 0 && devices.All(device => device == "cpu" || Regex.IsMatch(device, @"\Acuda:[A-Za-z0-9-]+\z"))
            ? devices
            : throw new ConfigurationException($"Kd:Queues:{queue}: '{value}' given; a number of CPU slots from 1 to 1024, or devices such as cuda:0,cuda:1");
    }

    private void Check()
    {
        Require(Regex.IsMatch(NodeId, @"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z"), nameof(NodeId), NodeId, "letters, digits, dots, dashes and underscores, at most 63");
        foreach (var role in Roles ?? [])
            Require(role is ApiRole or WorkerRole, nameof(Roles), role, $"{ApiRole} or {WorkerRole}");
        if (ConnectionString is not null) CheckConnectionString(ConnectionString);
        Require(HeartbeatSeconds > 0, nameof(HeartbeatSeconds), HeartbeatSeconds, "a positive number");
        Require(LeaseSeconds >= 2 * HeartbeatSeconds, nameof(LeaseSeconds), LeaseSeconds, $"at least twice HeartbeatSeconds ({HeartbeatSeconds})");
        Require(CheckinSeconds > 0, nameof(CheckinSeconds), CheckinSeconds, "a positive number");
        Require(ReconcileSeconds > 0, nameof(ReconcileSeconds), ReconcileSeconds, "a positive number");
        Require(StopGraceSeconds >= 0, nameof(StopGraceSeconds), StopGraceSeconds, "0 or more");
        Require(RetryBackoffSeconds >= 0, nameof(RetryBackoffSeconds), RetryBackoffSeconds, "0 or more");
        Require(MaxModelBytes > 0, nameof(MaxModelBytes), MaxModelBytes, "a positive number");
        Require(CheckpointSeconds > 0, nameof(CheckpointSeconds), CheckpointSeconds, "a positive number");
        Require(SignalCacheGigabytes is > 0 and < 1e9, nameof(SignalCacheGigabytes), SignalCacheGigabytes, "a positive number");
    }

    /// <summary>Says what is wrong with a connection string without showing it: it may hold a password.</summary>
    private static void CheckConnectionString(string given)
    {
        try
        {
            _ = new NpgsqlConnectionStringBuilder(given);
        }
        catch (ArgumentException wrong)
        {
            throw new ConfigurationException($"{Section}:{nameof(ConnectionString)}: {wrong.Message}; one such as Host=db;Username=kd;Password=...;Database=kd", wrong);
        }
    }

    private static void Require(bool condition, string name, object given, string right)
    {
        if (!condition) throw new ConfigurationException($"{Section}:{name}: {given} given; {right}");
    }
}
