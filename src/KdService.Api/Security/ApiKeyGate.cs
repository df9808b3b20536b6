using KdService.Api.Errors;

namespace KdService.Api.Security;

/// <summary>Lets callers into <c>/v1</c> by <c>Authorization: Bearer KEY</c> or <c>X-Api-Key: KEY</c>. The documentation and the health checks are open.</summary>
public sealed class ApiKeyGate(RequestDelegate next, ApiKeys keys)
{
    /// <summary>The header that carries a bare key.</summary>
    public const string Header = "X-Api-Key";

    private const string Bearer = "Bearer ";

    /// <summary>Checks the key of a request.</summary>
    /// <exception cref="RequestException">There is none, or it is not ours.</exception>
    public Task InvokeAsync(HttpContext context)
    {
        if (!keys.Required || !context.Request.Path.StartsWithSegments("/v1")) return next(context);
        var headers = context.Request.Headers;
        var authorization = headers.Authorization.ToString();
        var key = authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : headers[Header].ToString();
        if (key.Length > 0 && keys.Accept(key)) return next(context);
        throw new RequestException(ProblemKind.Unauthorized,
            $"{(key.Length > 0 ? "an unknown key" : "no key")} given; Authorization: Bearer KEY, or {Header}: KEY, with a key that the service was started with");
    }
}
