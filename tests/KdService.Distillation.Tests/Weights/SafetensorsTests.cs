using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KdService.Core.Jobs;
using KdService.Distillation.Weights;
using static TorchSharp.torch;

namespace KdService.Distillation.Tests.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder.File("weights.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WhatWasWritten_GivesTheSameTensorsAndMetadata()
    {
        using var scope = NewDisposeScope();
        (string Name, Tensor Tensor)[] written =
        [
            ("layer.weight", randn(3, 4)), ("layer.bias", randn(3)), ("double", randn(2, float64)), ("half", randn(5).to(float16)),
            ("brain", randn(5).to(bfloat16)), ("count", tensor(42L)), ("bytes", tensor(new byte[] { 1, 2, 255 })), ("flags", tensor(new[] { true, false })),
            ("empty", zeros(0, 7)), ("turned", randn(4, 6).t()), ("ünïcode \"name\"", randn(1)),
        ];
        Safetensors.Write(File, written, new Dictionary<string, string> { ["epoch"] = "3", ["of"] = "naïve \"student\"" });

        var (read, metadata) = Safetensors.Read(File);
        Assert.Equal(written.Select(named => named.Name).Order(), read.Keys.Order());
        foreach (var (name, tensor) in written)
        {
            Assert.Equal(tensor.dtype, read[name].dtype);
            Assert.Equal(tensor.shape, read[name].shape);
            Assert.True(tensor.contiguous().bytes.SequenceEqual(read[name].bytes), name);
        }
        Assert.Equal(new Dictionary<string, string> { ["epoch"] = "3", ["of"] = "naïve \"student\"" }, metadata);
    }

    [Fact]
    public void Write_Layout_IsAlignedWithoutGapsAndTheSameEveryTime()
    {
        using var scope = NewDisposeScope();
        (string, Tensor)[] tensors = [("b", ones(3)), ("flag", tensor(new[] { true })), ("a", ones(2)), ("count", tensor(1L))];
        Safetensors.Write(File, tensors, new Dictionary<string, string> { ["z"] = "1", ["a"] = "2" });
        var bytes = System.IO.File.ReadAllBytes(File);
        Safetensors.Write(File, tensors.Reverse(), new Dictionary<string, string> { ["a"] = "2", ["z"] = "1" });
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));

        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        var header = Encoding.UTF8.GetString(bytes, 8, length);
        Assert.Equal("""
            {"__metadata__":{"a":"2","z":"1"},"count":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"b":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"flag":{"dtype":"BOOL","shape":[1],"data_offsets":[28,29]}}
            """, header.TrimEnd(' '));
        Assert.Equal(8 + length + 29, bytes.Length);
        Assert.Equal([_folder.File("weights.safetensors")], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_TheSameNameTwice_IsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => Safetensors.Write(File, [("a", ones(1)), ("a", ones(1))]));
        Assert.Throws<ArgumentException>(() => Safetensors.Write(File, [("__metadata__", ones(1))]));
        Assert.False(System.IO.File.Exists(File));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "")] // not JSON
    [InlineData("""[]""", "")]
    [InlineData("""{"a":[]}""", "")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", "")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "tensor a: data_offsets [0, 8] given; F32 [3] has 12 bytes")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", "tensor a: dtype F31 given")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "tensor a: -2 given in shape; whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "data_offsets [8, 0] given")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", "tensor a: -8 given in data_offsets; whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "1 data_offsets given; 2 are right")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor a begins at 4; 0 is right")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor b begins at 4; 8 is right")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "8 bytes of data follow; the tensors have 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "8 bytes of data follow; the tensors have 16")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "tensor a comes twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}""", "")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}""", "")]
    [InlineData("""{"__metadata__":{"a":null},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "a is null; a string is right")]
    [InlineData("""{"__metadata__":{"a":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}""", "33 dimensions given; at most 32")]
    public void Read_AHostileHeader_IsCorruptAndSaysWhy(string header, string complaint)
    {
        var json = Encoding.UTF8.GetBytes(header);
        WriteRaw((ulong)json.Length, json, new byte[8]);
        var refusal = Assert.Throws<RunException>(() => Safetensors.Read(File));
        Assert.Equal(FailureCode.DataCorrupt, refusal.Code);
        Assert.Contains(File, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(complaint, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 40)]
    [InlineData(100)]
    public void Read_AHeaderLongerThanTheFile_IsCorruptBeforeMemoryIsTaken(ulong announced)
    {
        WriteRaw(announced, "{}"u8.ToArray(), []);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(FailureCode.DataCorrupt, Assert.Throws<RunException>(() => Safetensors.Read(File)).Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Read_AnyTruncationOrMissingFile_IsRefused()
    {
        using var scope = NewDisposeScope();
        Safetensors.Write(File, [("a", ones(2)), ("b", tensor(1L))]);
        var bytes = System.IO.File.ReadAllBytes(File);
        for (var length = 0; length < bytes.Length; length++)
        {
            System.IO.File.WriteAllBytes(File, bytes[..length]);
            Assert.Equal(FailureCode.DataCorrupt, Assert.Throws<RunException>(() => Safetensors.Read(File)).Code);
        }
        System.IO.File.Delete(File);
        Assert.Equal(FailureCode.DataMissing, Assert.Throws<RunException>(() => Safetensors.Read(File)).Code);
    }

    [Fact]
    public void Read_RandomDamageToTheHeader_NeverThrowsAnythingElse()
    {
        using (NewDisposeScope()) Safetensors.Write(File, [("a", ones(2)), ("b", tensor(1L))], new Dictionary<string, string> { ["key"] = "value" });
        var intact = System.IO.File.ReadAllBytes(File);
        Prop.ForAll<int, byte>((place, value) =>
        {
            using var scope = NewDisposeScope();
            var damaged = intact.ToArray();
            damaged[Math.Abs(place % (intact.Length - 16))] = value;
            System.IO.File.WriteAllBytes(File, damaged);
            try
            {
                Safetensors.Read(File);
            }
            catch (RunException e)
            {
                Assert.Equal(FailureCode.DataCorrupt, e.Code);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Write_DiskFull_IsItsOwnFailureAndLeavesTheOldFile()
    {
        System.IO.File.WriteAllText(File, "old");
        var failure = Assert.Throws<RunException>(() => AtomicFile.Write(File, _ =>
        {
            // The device that is always full: the same error, by the same calls, as a full disk.
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write);
            full.Write(new byte[1 << 20]);
            full.Flush();
        }));
        Assert.Equal(FailureCode.DiskFull, failure.Code);
        Assert.Equal("old", System.IO.File.ReadAllText(File));
        Assert.Equal([File], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Write_AFaultHalfway_LeavesTheOldFile()
    {
        System.IO.File.WriteAllText(File, "old");
        Assert.Throws<JsonException>(() => AtomicFile.Write(File, stream =>
        {
            stream.Write(new byte[100]);
            throw new JsonException("a fault");
        }));
        Assert.Equal("old", System.IO.File.ReadAllText(File));
    }

    private void WriteRaw(ulong headerLength, byte[] header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, headerLength);
        System.IO.File.WriteAllBytes(File, [.. length, .. header, .. data]);
    }
}
