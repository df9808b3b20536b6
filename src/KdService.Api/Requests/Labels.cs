using KdService.Api.Errors;

namespace KdService.Api.Requests;

/// <summary>Labels as query parameters give them: <c>key:value</c> or <c>key=value</c>.</summary>
public static class Labels
{
    /// <summary>The labels by their keys.</summary>
    /// <exception cref="RequestException">A key is given twice.</exception>
    public static Dictionary<string, string> Read(IEnumerable<string> given)
    {
        var labels = new Dictionary<string, string>();
        foreach (var label in given)
        {
            var separator = label.AsSpan().IndexOfAny(':', '=');
            if (!labels.TryAdd(label[..separator], label[(separator + 1)..]))
                throw new RequestException(ProblemKind.InvalidParameter, $"label {label[..separator]} given twice; there is one value of each label");
        }
        return labels;
    }
}
