using System.Text;
using System.Text.Json.Nodes;
using KdService.Core.Architectures;
using KdService.Core.Methods;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Distillation.Tests.Training;

/// <summary>Nothing stays behind of a step, whatever the method.</summary>
public sealed class LeakTests
{
    // Batches of 2 of the 110 training samples: 55 steps an epoch.
    private const int EpochsOfAStage = 22;

    // A stage's first 220 steps, in which methods are compiled and caches filled.
    private const int EpochsBefore = 4;

    public static TheoryData<string> All => new(MethodCatalogue.All.Select(method => method.Name));

    [Theory]
    [MemberData(nameof(All))]
    public void Method_OverAThousandSteps_LeavesNothingBehind(string name)
    {
        var plan = Plan(MethodCatalogue.All.Single(method => method.Name == name));
        var seen = new List<(string Stage, long Step, long Tensors, long Bytes)>();
        using var folder = new TemporaryFolder();
        Assert.True(RecordedRun.Of(plan, folder.Path, happened =>
        {
            // Every tenth step tells its loss, always at the same place of the loop; an epoch's last one does so at another.
            if (happened is MetricsMeasured { Epoch: > EpochsBefore } measured && !measured.Values.ContainsKey("train/accuracy"))
                seen.Add((measured.Stage, measured.Step, LiveTensors.Settled(), NativeMemory.InUse()));
        }));
        Assert.InRange(seen[^1].Step, 1000, long.MaxValue);
        Assert.Equal(plan.Stages.Select(stage => stage.Name), seen.Select(moment => moment.Stage).Distinct());
        foreach (var stage in seen.GroupBy(moment => moment.Stage))
        {
            var tensors = stage.Select(moment => moment.Tensors).ToList();
            Assert.True(tensors.Distinct().Count() == 1, $"{stage.Key}: live tensors every tenth step: {string.Join(", ", tensors)}");
            // The C library also counts what the runtime takes and frees, but seldom: what every step leaves shows in the median.
            var growth = stage.Zip(stage.Skip(1), (earlier, later) => (later.Bytes - earlier.Bytes) / (later.Step - earlier.Step)).Order().ToList();
            Assert.True(growth[growth.Count / 2] < 64, $"{stage.Key}: bytes that a step leaves in native memory: {string.Join(", ", growth)}");
        }
    }

    // Vectors take a fraction of the time that pictures take; some losses are on maps, some methods for texts.
    private static Plan Plan(MethodDescription method)
    {
        var plan = Plan(method, EpochsOfAStage);
        // Stages share the epochs. A few measured moments of one would tell nothing, as the runtime comes and goes between them.
        return plan.Stages.Count == 1 ? plan : Plan(method, EpochsOfAStage * plan.Stages.Count);
    }

    private static Plan Plan(MethodDescription method, int epochs)
    {
        var problems = new ProblemList();
        var spec = method.TextsOnly
            ? SpecValidation.Read(Spec(method, "phrases", "bert-l2-h64", epochs), problems)
            : SpecValidation.Read(Spec(method, "clusters", "mlp16", epochs), new ProblemList()) ?? SpecValidation.Read(Spec(method, "procedural", "plane2", epochs), problems);
        Assert.True(spec is not null, string.Join("; ", problems.Items));
        return PlanBuilder.Compile(spec);
    }

    private static byte[] Spec(MethodDescription method, string dataset, string network, int epochs)
    {
        var spec = new JsonObject
        {
            ["dataset"] = new JsonObject { ["name"] = dataset, ["samples"] = 122, ["test_samples"] = 100 },
            ["student"] = new JsonObject { ["model"] = network },
            ["method"] = Small(method.Example, network),
            ["training"] = new JsonObject { ["epochs"] = epochs, ["batch_size"] = 2, ["optimizer"] = new JsonObject { ["name"] = "sgd", ["learning_rate"] = 1e-3 } },
        };
        // Batches of one shape, so that what is in use at a moment does not depend on the batch.
        if (method.TextsOnly) spec["dataset"]!["words"] = 3;
        if (spec["method"]!["generator"] is not null)
        {
            spec["method"]!["mask_probability"] = 1;
            // Every tenth step is the student's.
            spec["method"]!["generator_batches"] = 1;
            spec["method"]!["student_batches"] = 4;
            spec["method"]!["pretraining_epochs"] = EpochsOfAStage;
        }
        if (Json.Read<Method>(method.Example.ToJsonString()).NeedsTeacher) spec["teacher"] = new JsonObject { ["model"] = network };
        return Encoding.UTF8.GetBytes(spec.ToJsonString());
    }

    // The networks that a method names, its assistants or peers, are as small as the student; what is called a name is the method's own, or a loss's.
    internal static JsonNode? Small(JsonNode? node, string network) => node switch
    {
        JsonObject entries => new JsonObject(entries.Select(entry => KeyValuePair.Create(entry.Key, entry.Key == "name" ? entry.Value?.DeepClone() : Small(entry.Value, network)))),
        JsonArray items => new JsonArray([.. items.Select(item => Small(item, network))]),
        JsonValue value when value.TryGetValue<string>(out var text) && ArchitectureCatalogue.Find(text) is not null => network,
        _ => node?.DeepClone(),
    };
}
