using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace KdService.Api.Benchmarks;

/// <summary>A piece of markup. What is interpolated into it is escaped, unless it is markup itself.</summary>
internal readonly record struct Html(string Text)
{
    /// <summary>Markup from a literal with values in it.</summary>
    public static Html Of(Markup markup) => new(markup.ToString());

    /// <summary>Pieces one after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.Text)));

    /// <inheritdoc />
    public override string ToString() => Text;

    /// <summary>Builds markup; numbers are written as every browser reads them.</summary>
    [InterpolatedStringHandler]
    public readonly struct Markup(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + 16 * formattedCount);

        public void AppendLiteral(string literal) => _text.Append(literal);

        public void AppendFormatted(Html markup) => _text.Append(markup.Text);

        public void AppendFormatted(IEnumerable<Html> pieces)
        {
            foreach (var piece in pieces) _text.Append(piece.Text);
        }

        public void AppendFormatted(string? text) => _text.Append(WebUtility.HtmlEncode(text));

        public void AppendFormatted<T>(T value, string? format = null) where T : IFormattable =>
            _text.Append(WebUtility.HtmlEncode(value.ToString(format, CultureInfo.InvariantCulture)));

        public override string ToString() => _text.ToString();
    }
}
