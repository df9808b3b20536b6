using System.Net;
using KdService.Core.Schema;
using KdService.Jobs;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace KdService.Api.Security;

/// <summary>Sets Kestrel's limits, and refuses to listen where others can reach us unless they need a key.</summary>
public sealed class ListenGuard(ApiKeys keys) : IConfigureOptions<KestrelServerOptions>
{
    /// <inheritdoc />
    public void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = DocumentReader.MaxBytes;
        options.ConfigureEndpointDefaults(Check);
    }

    private void Check(ListenOptions listen)
    {
        // A socket file is guarded by its permissions.
        if (keys.Required || listen.IPEndPoint is not { } endpoint || IPAddress.IsLoopback(endpoint.Address)) return;
        throw new UnguardedAddressException(endpoint);
    }
}

/// <summary>The service would listen where anybody can reach it, with no key set.</summary>
public sealed class UnguardedAddressException(IPEndPoint address) : ConfigurationException(
    $"Urls: {address} can be reached from other machines, and no API key is set. Set Kd:ApiKeys:0 (in the environment: Kd__ApiKeys__0=$(openssl rand -hex 16)), or listen on http://127.0.0.1:{address.Port}");
