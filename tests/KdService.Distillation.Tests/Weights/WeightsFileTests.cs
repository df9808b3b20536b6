using System.Text.Json;
using KdService.Core.Jobs;
using KdService.Distillation.Models;
using KdService.Distillation.Weights;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Weights;

public sealed class WeightsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("student.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_WhatAnotherNetworkSaved_GivesItsLogits()
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var saved = Networks.Build("resnet8", 10, seed: 1);
        using var loaded = Networks.Build("resnet8", 10, seed: 2);
        saved.call(Fixtures.Pictures(3)); // moves the running statistics
        WeightsFile.Save(saved, File, new Dictionary<string, string> { ["architecture"] = "resnet8" });

        Assert.Equal("resnet8", WeightsFile.Load(loaded, File)["architecture"]);
        saved.eval();
        loaded.eval();
        Assert.Equal(Fixtures.Floats(saved.call(Fixtures.Pictures(2))), Fixtures.Floats(loaded.call(Fixtures.Pictures(2))));
        Assert.Equal(1, loaded.state_dict()["bn1.num_batches_tracked"].item<long>());
    }

    [Fact]
    public void Load_WeightsOfAnotherNetwork_ListsEveryTensorAndChangesNone()
    {
        using var scope = NewDisposeScope();
        using var saved = Networks.Build("resnet14a", 100, seed: 1);
        using var target = Networks.Build("resnet8", 10, seed: 2);
        WeightsFile.Save(saved, File);
        var before = Fixtures.Floats(target.state_dict()["conv1.weight"]);

        var refusal = Assert.Throws<RunException>(() => WeightsFile.Load(target, File));
        Assert.Equal(FailureCode.WeightsMismatch, refusal.Code);
        Assert.Contains("layer2.0.downsample.0.weight [32, 16, 1, 1] is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("layer3.0.downsample.1.running_var [64] is missing", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("layer1.1.conv1.weight [16, 16, 3, 3] has no place", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("fc.weight is [100, 64]; [10, 64] is right", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("fc.bias is [100]; [10] is right", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, Fixtures.Floats(target.state_dict()["conv1.weight"]));
    }

    [PythonTorchTheory]
    [InlineData("resnet8", 10)]
    [InlineData("resnet14a", 10)]
    [InlineData("resnet8x4", 10)]
    [InlineData("plane8", 100)]
    [InlineData("vgg8", 10)]
    [InlineData("shufflenetv2", 100)]
    public void Save_ReadByPyTorch_GivesTheSameLogits(string name, int classes)
    {
        using var scope = NewDisposeScope();
        using var unrecorded = no_grad();
        using var network = Networks.Build(name, classes, seed: 11);
        network.call(Fixtures.Pictures(8)); // moves the running statistics
        network.eval();
        WeightsFile.Save(network, File, new Dictionary<string, string> { ["architecture"] = name });

        using var printed = JsonDocument.Parse(PythonTorch.Run("logits.py", File, name, $"{classes}", "3"));
        Fixtures.AssertClose(Fixtures.Matrix(printed.RootElement), network.call(Fixtures.Pictures(3)));
    }
}
