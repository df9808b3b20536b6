using System.Net;
using KdService.Api.Errors;

namespace KdService.Api.Security;

/// <summary>
/// Keeps web pages of other sites away from a service that listens on loopback without keys. A page that rebinds its own name to
/// 127.0.0.1 still sends that name as <c>Host</c>; a page that posts to us across sites sends its <c>Origin</c>. CORS stays off.
/// </summary>
public sealed class BrowserGuard(RequestDelegate next, ApiKeys keys)
{
    // Swagger UI carries inline styles and data: images; scripts come from us alone.
    private const string ContentSecurityPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    /// <summary>Checks a request and sets the security headers of its answer.</summary>
    /// <exception cref="RequestException">The request was made by a page of another site.</exception>
    public Task InvokeAsync(HttpContext context)
    {
        // On starting, since a problem's answer begins with cleared headers.
        context.Response.OnStarting(static state =>
        {
            var headers = ((HttpResponse)state).Headers;
            headers.XContentTypeOptions = "nosniff";
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
            headers["Referrer-Policy"] = "no-referrer";
            return Task.CompletedTask;
        }, context.Response);

        var request = context.Request;
        if (!keys.Required && !NamesLoopback(request.Host.Host))
            throw new RequestException(ProblemKind.MisdirectedHost, $"Host: {request.Host} given; without API keys the service answers to localhost and loopback addresses only");
        if (request.Headers.Origin is [{ } origin] && !SameOrigin(origin, request))
            throw new RequestException(ProblemKind.ForeignOrigin, $"Origin: {origin} given; {request.Scheme}://{request.Host}");
        return next(context);
    }

    private static bool NamesLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    // The scheme is not compared: a proxy may end TLS in front of us.
    private static bool SameOrigin(string origin, HttpRequest request) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
