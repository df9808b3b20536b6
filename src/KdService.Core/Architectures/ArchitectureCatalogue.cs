namespace KdService.Core.Architectures;

/// <summary>Every network that a spec may name.</summary>
public static class ArchitectureCatalogue
{
    /// <summary>All networks that have a name of their own, by name.</summary>
    public static IReadOnlyDictionary<string, Architecture> All { get; } = ((IEnumerable<Architecture>)
    [
        .. CifarResNets.All, .. BottleneckResNets.All, .. WideResNets.All, .. Vggs.All, .. MobileNets.All, .. ShuffleNets.All, .. PlainCnns.All, .. Mlps.All,
        .. Transformers.All,
    ]).ToDictionary(architecture => architecture.Name);

    /// <summary>Finds a network by name, or a transformer by the pattern of its size (<see cref="Transformers"/>); null if there is none.</summary>
    public static Architecture? Find(string? name) => name is null ? null : All.GetValueOrDefault(name) ?? Transformers.Find(name);
}
