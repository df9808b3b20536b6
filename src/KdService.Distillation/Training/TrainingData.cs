using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>A plan's samples: those it trains on, those its best epoch is chosen on, and those it is tested on at the end.</summary>
internal sealed class TrainingData
{
    /// <summary>Reads the plan's data set.</summary>
    /// <exception cref="RunException">A file is missing or not what it should be.</exception>
    public TrainingData(Plan plan, string dataRoot, Device device)
    {
        var (train, test) = DatasetLoader.Load(plan.Dataset, dataRoot);
        var (kept, held) = Holdout.Split(Plan.DataSeed, train.Count, plan.Evaluation.HoldoutSamples(plan.Dataset));
        var trainImages = new SampleBatches(train, plan.Dataset, device);
        Test = new Samples(test, new SampleBatches(test, plan.Dataset, device), [.. Enumerable.Range(0, test.Count)], plan.ViewSeed, plan.Dataset);
        Train = new Samples(train, trainImages, kept, plan.ViewSeed, plan.Dataset);
        Selection = plan.Evaluation.Protocol == Protocol.Paper ? Test : new Samples(train, trainImages, held, plan.ViewSeed, plan.Dataset);
    }

    /// <summary>What optimiser steps see.</summary>
    public Samples Train { get; }

    /// <summary>What the best epoch is chosen on; the test samples under the paper protocol.</summary>
    public Samples Selection { get; }

    /// <summary>What is read once, at the end.</summary>
    public Samples Test { get; }
}

/// <summary>Some samples of a set, in the set's order.</summary>
internal sealed class Samples(SampleSet set, SampleBatches images, int[] indices, long viewSeed, Dataset dataset)
{
    private string? _digest;
    private readonly int[] _rows = RowsOf(indices);

    /// <summary>Which samples of the set, rising.</summary>
    public int[] Indices => indices;

    /// <summary>How many.</summary>
    public int Count => indices.Length;

    /// <summary>The classes of the samples.</summary>
    public int[] Labels { get; } = [.. indices.Select(index => set.Labels[index])];

    /// <summary>The batches of the set.</summary>
    public SampleBatches Images => images;

    /// <summary>Digest of the inputs, of which of them are meant, and of how they are turned into inputs.</summary>
    public string Digest => _digest ??= ComputeDigest();

    /// <summary>Inputs <c>[batch, channels, height, width]</c> of samples in a view; null for the pictures as they are.</summary>
    public Tensor Load(ReadOnlySpan<int> batch, int? view) => images.Load(batch, viewSeed, view);

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
        sha256.AppendData(Encoding.UTF8.GetBytes(Json.Write(new { viewSeed, dataset.Augmentation, dataset.Mean, dataset.Std })));
        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }
}
