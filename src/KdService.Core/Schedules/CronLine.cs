using System.Text.RegularExpressions;
using KdService.Core.Schema;

namespace KdService.Core.Schedules;

/// <summary>Which of the two forms a cron line has.</summary>
public enum CronForm
{
    /// <summary>Five fields: minute, hour, day of the month, month, day of the week (0 or 7 is Sunday).</summary>
    Crontab,

    /// <summary>Six or seven fields: second, minute, hour, day of the month, month, day of the week (1 is Sunday), and a year if wanted.</summary>
    Quartz,
}

/// <summary>Reads cron lines as far as their form goes: how many fields, and what each may hold.</summary>
public static partial class CronLine
{
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private static readonly string[] Nicknames = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

    private static readonly Field[] Crontab =
    [
        new("minute", 0, 59, "*/15 * * * *", "every quarter of an hour"),
        new("hour", 0, 23, "0 3 * * *", "every day at 3:00"),
        new("day of the month", 1, 31, "0 3 1 * *", "the first of every month at 3:00", Special: "L(-[0-9]{1,2})?W?|[0-9]{1,2}W"),
        new("month", 1, 12, "0 3 1 JAN,JUL *", "the first of January and of July at 3:00", Months, FirstName: 1),
        new("day of the week", 0, 7, "0 3 * * MON-FRI", "every day from Monday to Friday at 3:00", Days, FirstName: 0, Special: "([0-7]|[A-Z]{3})(L|#[1-5])"),
    ];

    private static readonly Field[] Quartz =
    [
        new("second", 0, 59, "0/30 * * * * ?", "twice a minute"),
        new("minute", 0, 59, "0 0/15 * * * ?", "every quarter of an hour"),
        new("hour", 0, 23, "0 0 3 * * ?", "every day at 3:00"),
        new("day of the month", 1, 31, "0 0 3 1 * ?", "the first of every month at 3:00", Special: "L(-[0-9]{1,2})?W?|[0-9]{1,2}W"),
        new("month", 1, 12, "0 0 3 1 JAN,JUL ?", "the first of January and of July at 3:00", Months, FirstName: 1),
        new("day of the week", 1, 7, "0 0 3 ? * MON-FRI", "every day from Monday to Friday at 3:00", Days, FirstName: 1, Special: "L|([1-7]|[A-Z]{3})(L|#[1-5])"),
        new("year", 1970, 2099, "0 0 3 1 1 ? 2030-2099", "every first of January from 2030 on at 3:00"),
    ];

    /// <summary>The lines that complaints show, each with what it means.</summary>
    public static IReadOnlyDictionary<string, string> Examples { get; } =
        Crontab.Concat(Quartz).ToDictionary(field => field.Example, field => field.Meaning);

    /// <summary>The form of a line; its number of fields tells.</summary>
    public static CronForm FormOf(string line) => Split(line).Length > Crontab.Length ? CronForm.Quartz : CronForm.Crontab;

    /// <summary>Notes everything that is wrong with the form of a line.</summary>
    public static void Check(string line, string pointer, ProblemList problems)
    {
        var parts = Split(line);
        if (parts is [['@', ..] nickname])
        {
            problems.Require(Nicknames.Contains(nickname, StringComparer.OrdinalIgnoreCase), pointer, $"{nickname} given; one of {string.Join(", ", Nicknames)}");
            return;
        }
        if (parts.Length is < 5 or > 7)
        {
            problems.Add(pointer, $"{parts.Length} fields given; five (minute, hour, day of the month, month, day of the week), as in {Crontab[1].Show}, "
                + $"or six or seven (a second before them, a year behind), as in {Quartz[2].Show}");
            return;
        }
        foreach (var (field, part) in (parts.Length == Crontab.Length ? Crontab : Quartz).Zip(parts)) field.Check(part, pointer, problems);
    }

    private static string[] Split(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    [GeneratedRegex(@"\A(?:[*?]|(?<from>[0-9]{1,4}|[A-Z]{3})(?:-(?<to>[0-9]{1,4}|[A-Z]{3}))?)(?:/(?<step>[0-9]{1,4}))?\z")]
    private static partial Regex Item();

    /// <summary>One field of a line.</summary>
    /// <param name="Name">What it is called.</param>
    /// <param name="From">Its least number.</param>
    /// <param name="To">Its greatest number.</param>
    /// <param name="Example">A line in which this field matters.</param>
    /// <param name="Meaning">What that line means.</param>
    /// <param name="Names">Names for its numbers.</param>
    /// <param name="FirstName">The number of the first name.</param>
    /// <param name="Special">What it takes besides numbers, ranges and steps, as a regular expression.</param>
    private sealed record Field(
        string Name, int From, int To, string Example, string Meaning, string[]? Names = null, int FirstName = 0, string? Special = null)
    {
        public string Show => $"\"{Example}\" ({Meaning})";

        public void Check(string part, string pointer, ProblemList problems)
        {
            foreach (var item in part.ToUpperInvariant().Split(','))
            {
                if (Special is not null && Regex.IsMatch(item, $@"\A(?:{Special})\z")) continue;
                var match = Item().Match(item);
                if (!match.Success || (item.StartsWith('?') && Special is null))
                    problems.Add(pointer, $"{Name} {Quote(item)} given; {Range}, a list (1,2), a range (1-5), a step (*/2), as in {Show}");
                else if (new[] { match.Groups["from"], match.Groups["to"] }.FirstOrDefault(value => value.Success && !Holds(value.Value)) is { } wrong)
                    problems.Add(pointer, $"{Name} {wrong.Value} given; {Range}, as in {Show}");
                else if (match.Groups["step"] is { Success: true } step && int.Parse(step.Value) is var every && (every < 1 || every > To))
                    problems.Add(pointer, $"{Name} in steps of {every} given; steps from 1 to {To}, as in {Show}");
            }
        }

        private string Range => Names is null ? $"a number from {From} to {To}" : $"a number from {From} to {To} or a name from {Names[0]} to {Names[^1]}";

        private bool Holds(string value) => int.TryParse(value, out var number) ? number >= From && number <= To : Names?.Contains(value) == true;

        private static string Quote(string item) => $"\"{(item.Length <= 20 ? item : item[..17] + "...")}\"";
    }
}
