using KdService.Core;

namespace KdService.Api.Requests;

/// <summary>Endpoints that only look.</summary>
public static class Reading
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Maps GET, and HEAD with the same headers and no body.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, Methods, handler);

    /// <summary>What is no id at all is nothing that has one: it is never looked up.</summary>
    /// <param name="group">Endpoints under <c>{id}</c>.</param>
    /// <param name="missing">What is thrown instead.</param>
    public static RouteGroupBuilder RequireId(this RouteGroupBuilder group, Func<string, Exception> missing) => group.AddEndpointFilter((context, next) =>
    {
        var id = (string)context.HttpContext.GetRouteValue("id")!;
        return SortableId.IsValid(id) ? next(context) : throw missing(id);
    });
}
