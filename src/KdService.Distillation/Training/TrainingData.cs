using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Plans.Robustness;
using KdService.Core.Schema;
using KdService.Distillation.Data;
using KdService.Text.Metrics;
using KdService.Text.Tasks;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A plan's samples: those it trains on, those its best epoch is chosen on, and those it is tested on at the end.</summary>
internal sealed class TrainingData
{
    private readonly List<string> _leftOut = [];

    /// <summary>Reads the plan's data set.</summary>
    /// <exception cref="RunException">A file is missing or not what it should be.</exception>
    /// <param name="plan">The plan.</param>
    /// <param name="dataset">Its data set, with the folder of an imported vocabulary.</param>
    /// <param name="dataRoot">The folder that files lie below.</param>
    /// <param name="device">Where batches go.</param>
    public TrainingData(Plan plan, Dataset dataset, string dataRoot, Device device)
    {
        var (train, test) = DatasetLoader.Load(dataset, dataRoot);
        // Questions are kept aside with all of their windows.
        var spans = train as SpanSet;
        var (kept, held) = Holdout.Split(Plan.DataSeed, spans?.Questions ?? train.Count, plan.Evaluation.HoldoutSamples(plan.Dataset));
        var trainBatches = new SampleBatches(train, plan.Dataset, device);
        Test = All(test);
        Train = new Samples(train, trainBatches, spans?.SamplesOf(kept) ?? kept, plan.ViewSeed, plan.Dataset);
        AlsoOn = [.. plan.Evaluation.AlsoOn.Where(other => IsThere(other, dataset, dataRoot)).Select(other => (other, Read(other, plan, dataset, dataRoot, device)))];
        if (plan.Evaluation.Submission) Submission = [.. ((Glue)dataset).Submission.Select(part => TextSources.All[part.Source]).Where(source => IsThere(source, dataRoot)).Select(Unlabelled)];
        Selection = plan.Evaluation.Protocol == Protocol.Paper ? Test
            : spans is not null ? All(spans.ToJudgeBy(held))
            : new Samples(train, trainBatches, held, plan.ViewSeed, plan.Dataset);

        LeaderboardPart Unlabelled(TextSource source)
        {
            var (texts, ids) = TextLoader.LoadUnlabelled((TextDataset)dataset, source, dataRoot)!.Value;
            return new LeaderboardPart(source, ids, All(texts));
        }

        Samples All(SampleSet set) => new(set, new SampleBatches(set, plan.Dataset, device), [.. Enumerable.Range(0, set.Count)], plan.ViewSeed, plan.Dataset);
    }

    /// <summary>What optimiser steps see.</summary>
    public Samples Train { get; }

    /// <summary>What the best epoch is chosen on; the test samples under the paper protocol.</summary>
    public Samples Selection { get; }

    /// <summary>What is read once, at the end.</summary>
    public Samples Test { get; }

    /// <summary>The other data that the job's network is evaluated on, in the order of the plan; labels are those of the data.</summary>
    public IReadOnlyList<(OtherData Data, Samples Samples)> AlsoOn { get; }

    /// <summary>What the job's network answers for a leaderboard.</summary>
    public IReadOnlyList<LeaderboardPart> Submission { get; } = [];

    /// <summary>What was asked for and is left out since its files are missing, in words.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    private bool IsThere(OtherData other, Dataset dataset, string dataRoot)
    {
        if (!other.Optional || other.For(dataset).TestFiles.FirstOrDefault(file => !file.IsBelow(dataRoot)) is not { } missing) return true;
        _leftOut.Add($"no evaluation on {other.Dataset.Title}: {missing.Path} is missing from the data root");
        return false;
    }

    private bool IsThere(TextSource source, string dataRoot)
    {
        if (source.Has(dataRoot, TextSplit.Test)) return true;
        _leftOut.Add($"no {GlueSubmission.FileName(source)}: {source.Parts[TextSplit.Test][0].Path} is missing from the data root");
        return false;
    }

    private static Samples Read(OtherData other, Plan plan, Dataset dataset, string dataRoot, Device device)
    {
        var set = DatasetLoader.LoadTest(other.For(dataset), dataRoot);
        // Of questions, all windows of some: cut again, unless all of them are meant.
        if (set is SpanSet spans && other.Size < spans.Questions) set = spans.ToJudgeBy(Samples.Spread(spans.Questions, other.Size));
        var count = set is SpanSet ? set.Count : other.Size;
        return new Samples(set, new SampleBatches(set, plan.Dataset, device), Samples.Spread(set.Count, count), plan.ViewSeed, plan.Dataset);
    }
}

/// <summary>A test part whose labels are hidden.</summary>
/// <param name="Source">Where it is from.</param>
/// <param name="Ids">What its file calls its texts.</param>
/// <param name="Samples">Its texts.</param>
internal sealed record LeaderboardPart(TextSource Source, IReadOnlyList<string> Ids, Samples Samples);

/// <summary>Some samples of a set, in the set's order.</summary>
internal sealed class Samples(SampleSet set, SampleBatches batches, int[] indices, long viewSeed, Dataset dataset)
{
    private string? _digest;
    private readonly int[] _rows = RowsOf(indices);

    /// <summary>Which samples of the set, rising.</summary>
    public int[] Indices => indices;

    /// <summary>So many of them, spread evenly: the sets of some publishers have one class after the other.</summary>
    public int[] Some(int samples) => [.. Spread(indices.Length, samples).Select(place => indices[place])];

    /// <summary>So many places of a list, all of them where it has fewer, spread evenly.</summary>
    public static int[] Spread(int count, int samples) => [.. Enumerable.Range(0, Math.Min(samples, count)).Select(i => (int)((long)i * count / Math.Min(samples, count)))];

    /// <summary>How many.</summary>
    public int Count => indices.Length;

    /// <summary>The classes of the samples; zeros where a value or a span is predicted.</summary>
    public int[] Labels { get; } = [.. indices.Select(index => set.Labels[index])];

    /// <summary>The values of the samples; null where none are predicted.</summary>
    public float[]? Values { get; } = set.Targets is { } values ? [.. indices.Select(index => values[index])] : null;

    /// <summary>The set that they are of.</summary>
    public SampleSet Set => set;

    /// <summary>The batches of the set.</summary>
    public SampleBatches Batches => batches;

    /// <summary>Digest of the inputs, of which of them are meant, and of how they are turned into inputs.</summary>
    public string Digest => _digest ??= ComputeDigest();

    /// <summary>The order in which an epoch shows the samples: at random, texts of like length in a batch.</summary>
    /// <param name="seed">The job's seed.</param>
    /// <param name="stage">The stage, from 0.</param>
    /// <param name="epoch">The epoch of the stage, from 0.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    public int[] Order(long seed, int stage, int epoch, int batchSize) => set is TokenSet
        ? BatchOrder.OfLikeLengths(seed, stage, epoch, indices, batchSize, set.LengthOf)
        : BatchOrder.Of(seed, stage, epoch, indices);

    /// <summary>Inputs <c>[batch, ...]</c> of samples in a view; null for the pictures as they are.</summary>
    public Tensor Load(ReadOnlySpan<int> batch, int? view) => batches.Load(batch, viewSeed, view);

    /// <summary>The places of samples in <see cref="Indices"/>, int64 <c>[batch]</c>.</summary>
    public Tensor Rows(ReadOnlySpan<int> batch, Device device)
    {
        var rows = new long[batch.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = _rows[batch[i]];
        return tensor(rows, device: device);
    }

    private static int[] RowsOf(int[] indices)
    {
        var rows = new int[indices.Length == 0 ? 0 : indices[^1] + 1];
        foreach (var (row, index) in indices.Index()) rows[index] = row;
        return rows;
    }

    private string ComputeDigest()
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(set.Content);
        sha256.AppendData(MemoryMarshal.AsBytes(indices.AsSpan()));
        sha256.AppendData(Encoding.UTF8.GetBytes(Json.Write(new { viewSeed, dataset.Preparation })));
        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }
}
