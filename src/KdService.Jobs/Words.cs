using KdService.Core.Schema;

namespace KdService.Jobs;

/// <summary>Enums as the words that JSON and the database hold.</summary>
internal static class Words
{
    public static string Of<T>(T value) where T : struct, Enum => Names<T>.ByValue[value];

    public static T Parse<T>(string word) where T : struct, Enum => Names<T>.ByWord[word];

    private static class Names<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> ByValue = Enum.GetValues<T>().ToDictionary(value => value, value => Json.Naming.ConvertName(value.ToString()));
        public static readonly Dictionary<string, T> ByWord = ByValue.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}
