using System.Security.Cryptography;
using System.Text;
using KdService.Jobs;

namespace KdService.Api.Security;

/// <summary>The keys that open the service: <c>Kd:ApiKeys</c>. Only their digests stay in memory.</summary>
public sealed class ApiKeys
{
    /// <summary>The shortest key that is accepted; what <c>openssl rand -hex 16</c> gives is twice as long.</summary>
    public const int MinLength = 16;

    private readonly byte[][] _digests;

    /// <summary>Reads the configured keys.</summary>
    /// <exception cref="ConfigurationException">A key is too short to be one.</exception>
    public ApiKeys(IConfiguration configuration)
    {
        var keys = configuration.GetSection("Kd:ApiKeys").Get<string[]>() ?? [];
        foreach (var (index, key) in keys.Index())
        {
            if (key.Length < MinLength)
                throw new ConfigurationException($"Kd:ApiKeys:{index}: {key.Length} characters given; at least {MinLength}, e.g. from: openssl rand -hex 16");
        }
        _digests = [.. keys.Select(Digest)];
    }

    /// <summary>Whether requests must carry a key.</summary>
    public bool Required => _digests.Length > 0;

    /// <summary>Whether a key is one of ours. Takes the same time whichever it is, and however much of it is right.</summary>
    public bool Accept(string key)
    {
        var digest = Digest(key);
        var found = false;
        foreach (var known in _digests) found |= CryptographicOperations.FixedTimeEquals(digest, known);
        return found;
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
