using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace KdService.Api.Security;

/// <summary>Who may use the service, and from where.</summary>
public static class SecuritySetup
{
    /// <summary>Adds API keys, and the guard of the addresses that are listened on.</summary>
    public static void AddSecurity(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(new ApiKeys(builder.Configuration));
        builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ListenGuard>();
    }

    /// <summary>Refuses pages of other sites, then callers without a key.</summary>
    public static void UseSecurity(this WebApplication app)
    {
        app.UseMiddleware<BrowserGuard>();
        app.UseMiddleware<ApiKeyGate>();
    }
}
