namespace KdService.Core.Architectures;

/// <summary>Every network that a spec may name.</summary>
public static class ArchitectureCatalogue
{
    /// <summary>All networks, by name.</summary>
    public static IReadOnlyDictionary<string, Architecture> All { get; } = ((IEnumerable<Architecture>)
    [
        .. CifarResNets.All, .. BottleneckResNets.All, .. WideResNets.All, .. Vggs.All, .. MobileNets.All, .. ShuffleNets.All, .. PlainCnns.All, .. Mlps.All,
    ]).ToDictionary(architecture => architecture.Name);

    /// <summary>Finds a network by name; null if there is none.</summary>
    public static Architecture? Find(string? name) => name is null ? null : All.GetValueOrDefault(name);
}
