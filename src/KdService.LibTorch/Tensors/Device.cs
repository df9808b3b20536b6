using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A kind of device and, where there are several, which: "cpu", "cuda", "cuda:1".</summary>
    public class Device : IEquatable<Device>
    {
        public Device(DeviceType deviceType, int index = -1) => (type, this.index) = (deviceType, index);

        public Device(int index) : this(DeviceType.CUDA, index)
        {
        }

        public Device(string deviceType, int index) : this(TypeOf(deviceType), index)
        {
        }

        /// <exception cref="ArgumentException">The description is not "type" or "type:index".</exception>
        public Device(string description)
        {
            ArgumentNullException.ThrowIfNull(description);
            var parts = description.Split(':');
            type = TypeOf(parts[0]);
            index = parts.Length == 1 ? -1
                : parts.Length == 2 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given
                : throw new ArgumentException($"device: '{description}' given; 'cpu', 'cuda' or 'cuda:0' are devices", nameof(description));
        }

        public DeviceType type { get; }

        /// <summary>-1 is the current device of its type.</summary>
        public int index { get; }

        private static DeviceType TypeOf(string name) => name switch
        {
            "cpu" => DeviceType.CPU,
            "cuda" => DeviceType.CUDA,
            "mps" => DeviceType.MPS,
            "meta" => DeviceType.META,
            _ => throw new ArgumentException($"device: '{name}' given; 'cpu', 'cuda', 'mps' and 'meta' are device types"),
        };

        public override string ToString()
        {
            var name = type switch { DeviceType.CPU => "cpu", DeviceType.CUDA => "cuda", DeviceType.MPS => "mps", _ => "meta" };
            return index < 0 ? name : $"{name}:{index}";
        }

        public bool Equals(Device? other) => other is not null && other.type == type && other.index == index;

        public override bool Equals(object? obj) => Equals(obj as Device);

        public override int GetHashCode() => HashCode.Combine(type, index);

        public static implicit operator Device(string description) => new(description);
    }

    public static Device device(string description) => new(description);

    public static Device device(string deviceType, int index) => new(deviceType, index);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    public static Device device(int index) => new(index);
}
