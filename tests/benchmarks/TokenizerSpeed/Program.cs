// Megabytes of UTF-8 a minute through WordPiece on one thread, ids and offsets made: the counterpart of plain.py.
//   TokenizerSpeed VOCABULARY SECONDS FILE...      a text a line
using System.Diagnostics;
using System.Globalization;
using System.Text;
using KdService.Text.Tokenizers;

var tokenizer = TokenizerFolder.ReadWordPiece(args[0]);
var seconds = double.Parse(args[1], CultureInfo.InvariantCulture);
var texts = args[2..].SelectMany(File.ReadLines).ToArray();
var bytes = texts.Sum(text => (long)Encoding.UTF8.GetByteCount(text));

long tokens = 0;
void Pass()
{
    foreach (var text in texts) tokens += tokenizer.Encode(text).Length;
}

Pass();
tokens = 0;
var passes = 0;
var watch = Stopwatch.StartNew();
for (; watch.Elapsed.TotalSeconds < seconds; passes++) Pass();
var elapsed = watch.Elapsed.TotalSeconds;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passes * bytes / 1e6 / elapsed * 60:F0} MB/min; {tokens / passes} tokens in {texts.Length} texts of {bytes / 1e6:F1} MB, {passes} passes"));
