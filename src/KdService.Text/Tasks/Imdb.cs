namespace KdService.Text.Tasks;

/// <summary>The original form of the IMDb reviews: a file a review, <c>NUMBER_STARS.txt</c>, in <c>neg</c> and <c>pos</c>.</summary>
internal static class Imdb
{
    public static LabelSet Labels { get; } = new("negative", "positive");

    /// <summary>Reads <c>aclImdb/train</c> or <c>aclImdb/test</c> as they are enumerated; its folder <c>unsup</c> has no labels and is left alone.</summary>
    public static IEnumerable<TextExample> Read(string folder)
    {
        foreach (var (name, label) in new[] { ("neg", 0), ("pos", 1) })
        {
            var reviews = Path.Combine(folder, name);
            if (!Directory.Exists(reviews)) throw new TextDataException(folder, null, $"the folder {name} is missing; neg and pos with a .txt file a review are right");
            foreach (var path in Directory.EnumerateFiles(reviews, "*.txt").OrderBy(Number).ThenBy(path => path, StringComparer.Ordinal))
            {
                yield return new TextExample($"{name}/{Path.GetFileNameWithoutExtension(path)}", TextLines.All(path), Label: label);
            }
        }

        static int Number(string path) => int.TryParse(Path.GetFileName(path).Split('_')[0], out var number) ? number : int.MaxValue;
    }
}
