using System.Globalization;
using System.Text;
using KdService.Core.Runs;

namespace KdService.Distillation.Diagnosis;

/// <summary>Draws a diagnosis: three histograms above, four heat maps below. A self-contained SVG.</summary>
public static class DiagnosisChart
{
    private const int Panel = 260;
    private const int Gap = 50;
    private const int Top = 70;
    private const int Width = 4 * Panel + 5 * Gap;
    private const int Height = Top + 2 * (Panel + Gap) + 70;

    /// <summary>The drawing.</summary>
    public static string Svg(DiagnosisReport report)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Gap}\" y=\"30\" font-size=\"18\">The teacher's signal on {report.Samples} training samples</text>");
        Histogram(svg, 0, "teacher: probability of the true class", report.TeacherConfidence, "#4269d0");
        Histogram(svg, 1, "student: probability of the true class", report.StudentConfidence, "#3ca951");
        Histogram(svg, 2, FormattableString.Invariant($"rescaling of gradients, alpha {report.Alpha:0.##}, T {report.Temperature:0.##}"), report.Rescaling, "#ff725c");
        Text(svg, 3, report);
        HeatMap(svg, 0, "teacher: cosines of class weights", report.Relations.TeacherWeights);
        HeatMap(svg, 1, "student: cosines of class weights", report.Relations.StudentWeights);
        HeatMap(svg, 2, "teacher: wrong-class probabilities", WithoutDiagonal(report.Relations.TeacherProbabilities));
        HeatMap(svg, 3, "student: wrong-class probabilities", WithoutDiagonal(report.Relations.StudentProbabilities));
        return svg.Append("</svg>\n").ToString();
    }

    private static int Left(int column) => Gap + column * (Panel + Gap);

    private static void Histogram(StringBuilder svg, int column, string title, Distribution values, string colour)
    {
        var (left, bottom, bar) = (Left(column), Top + Panel, (double)Panel / values.Counts.Count);
        Title(svg, left, Top, title);
        var most = Math.Max(1, values.Counts.Max());
        foreach (var (bin, count) in values.Counts.Index())
        {
            // The root shows small bins beside one that holds nearly all.
            var height = Math.Sqrt((double)count / most) * (Panel - 20);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left + bin * bar:F1}\" y=\"{bottom - height:F1}\" width=\"{bar - 0.5:F1}\" height=\"{height:F1}\" fill=\"{colour}\"><title>{values.Edges[bin]:G4} to {values.Edges[bin + 1]:G4}: {count}</title></rect>");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{left}\" x2=\"{left + Panel}\" y1=\"{bottom}\" y2=\"{bottom}\" stroke=\"#888\"/>");
        foreach (var part in new[] { 0, 0.5, 1 })
        {
            var edge = values.Edges[(int)(part * values.Counts.Count)];
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + part * Panel:F0}\" y=\"{bottom + 16}\" text-anchor=\"middle\" fill=\"#666\">{edge:G3}</text>");
        }
    }

    private static void Text(StringBuilder svg, int column, DiagnosisReport report)
    {
        List<string> lines =
        [
            $"rescaling: mean {report.Rescaling.Mean:F3}, deviation {report.Rescaling.Deviation:F3}",
            $"follows the teacher's confidence: {Show(report.RescalingFollowsConfidence)}",
            $"class weights agree: {Show(report.Relations.WeightsAgree)}",
            $"wrong-class probabilities agree: {Show(report.Relations.ProbabilitiesAgree)}",
            $"evenness of the teacher: {report.Relations.TeacherEvenness:F3}",
            "bars show the square root of counts",
            .. report.Findings.SelectMany(finding => finding.Chunk(44).Select(part => new string(part))),
        ];
        Title(svg, Left(column), Top, "in numbers");
        foreach (var (line, text) in lines.Index())
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left(column)}\" y=\"{Top + 22 + 20 * line}\" fill=\"#444\">{System.Net.WebUtility.HtmlEncode(text)}</text>");

        static string Show(double? correlation) => correlation is { } value ? value.ToString("F3", CultureInfo.InvariantCulture) : "-";
    }

    private static void HeatMap(StringBuilder svg, int column, string title, IReadOnlyList<IReadOnlyList<double>> matrix)
    {
        var (left, top, cell) = (Left(column), Top + Panel + Gap + 40, (double)Panel / matrix.Count);
        Title(svg, left, top, title);
        var off = matrix.SelectMany((row, i) => row.Where((_, j) => j != i)).ToList();
        var (low, high) = off.Count > 0 ? (off.Min(), Math.Max(off.Max(), off.Min() + 1e-9)) : (0, 1);
        foreach (var (i, row) in matrix.Index())
        {
            foreach (var (j, value) in row.Index())
            {
                var shade = Math.Clamp((value - low) / (high - low), 0, 1);
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left + j * cell:F1}\" y=\"{top + i * cell:F1}\" width=\"{cell + 0.1:F1}\" height=\"{cell + 0.1:F1}\" fill=\"{(i == j ? "#ddd" : Colour(shade))}\"><title>{i}, {j}: {value:G4}</title></rect>");
            }
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{top + Panel + 16}\" fill=\"#666\">{low:G3} (light) to {high:G3} (dark), off the diagonal</text>");
    }

    private static void Title(StringBuilder svg, int left, int top, string title) =>
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left}\" y=\"{top - 8}\">{System.Net.WebUtility.HtmlEncode(title)}</text>");

    // From white to a dark blue.
    private static string Colour(double shade) => FormattableString.Invariant($"rgb({(int)(247 - 239 * shade)},{(int)(251 - 203 * shade)},{(int)(255 - 148 * shade)})");

    private static IReadOnlyList<IReadOnlyList<double>> WithoutDiagonal(IReadOnlyList<IReadOnlyList<double>> matrix) =>
        [.. matrix.Select((row, i) => (IReadOnlyList<double>)[.. row.Select((value, j) => i == j ? 0 : value)])];
}
