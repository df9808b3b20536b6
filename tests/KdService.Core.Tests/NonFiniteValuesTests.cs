using System.Buffers.Binary;
using KdService.Core.Weights;

namespace KdService.Core.Tests;

public sealed class NonFiniteValuesTests
{
    // More than a block, and no whole number of vectors.
    private const int Count = (1 << 20) + 3;

    [Theory]
    [InlineData("F64", new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x7F })]
    [InlineData("F32", new byte[] { 0, 0, 0xC0, 0x7F })]
    [InlineData("F32", new byte[] { 0, 0, 0x80, 0xFF })]
    [InlineData("F16", new byte[] { 0, 0x7C })]
    [InlineData("BF16", new byte[] { 0xC0, 0x7F })]
    public void Find_NamesTheTensorsThatHoldNanOrAnInfinity(string type, byte[] bad)
    {
        foreach (var at in new[] { 0, 5, Count / 2, Count - 1 })
        {
            using var file = File(type, bad.Length, out var header);
            // Large numbers are finite.
            byte[] largest = [.. bad];
            largest.AsSpan().Fill(0xFF);
            (largest[^1], largest[^2]) = (0x7B, (byte)(bad.Length == 2 && type == "F16" ? 0xFF : 0x7F));
            var (start, entry) = (file.Position, header.Entries.Single(entry => entry.Name == "b"));
            Write(largest);
            Assert.Empty(NonFiniteValues.Find(file, header));
            Write(bad);
            Assert.Equal(["b"], NonFiniteValues.Find(file, header));

            void Write(byte[] value)
            {
                file.Position = start + entry.Begin + (long)at * bad.Length;
                file.Write(value);
                file.Position = start;
            }
        }
    }

    [Fact]
    public void Find_WholeNumbers_AreAllFinite()
    {
        using var file = File("I32", 4, out var header);
        var start = file.Position;
        for (var at = 0; at < 1000; at++) file.WriteByte(0xFF);
        file.Position = start;
        Assert.Empty(NonFiniteValues.Find(file, header));
    }

    private static MemoryStream File(string type, int width, out SafetensorsHeader header)
    {
        header = SafetensorsHeader.For([("a", type, [2]), ("b", type, [Count]), ("c", "U8", [3])], null);
        var json = header.ToJson();
        var content = new byte[8 + json.Length + width * (Count + 2) + 3];
        BinaryPrimitives.WriteInt64LittleEndian(content, json.Length);
        json.CopyTo(content, 8);
        return new MemoryStream(content) { Position = 8 + json.Length };
    }
}
