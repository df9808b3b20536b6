using System.Security.Cryptography;
using System.Text;
using KdService.Core.Architectures;
using KdService.Core.Datasets;
using KdService.Core.Schema;
using KdService.Core.Weights;
using KdService.Text.Tokenizers;

namespace KdService.Text.Folders;

/// <summary>Looks through a Hugging Face folder without loading its weights: whether it can be served, and what is known of it then.</summary>
public static class ModelFolder
{
    /// <summary>Checks config, tensors and tokenizer, and what each says of the others.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="problems">Takes everything that is wrong, at the names of files.</param>
    /// <returns>What is known of the model; null if there are problems.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ImportedModel? Read(string folder, ProblemList problems)
    {
        if (!Directory.Exists(folder))
        {
            problems.Add("", $"{folder}: there is no such folder");
            return null;
        }
        var config = ReadConfig(folder, problems.At($"/{FolderFiles.Config}"));
        var tensors = ReadTensors(folder, problems.At($"/{FolderFiles.Weights}"));
        var tokenizer = ReadTokenizer(folder, problems);
        if (config is not null && tokenizer is not null)
            problems.Require(config.Vocabulary == tokenizer.Vocabulary.Count, $"/{FolderFiles.Config}/vocab_size",
                $"{config.Vocabulary} given; the tokenizer's files have {tokenizer.Vocabulary.Count} tokens");
        if (config is null || tensors is null) return null;
        var given = WeightNames.Ours(tensors, config.Size.Encoder);
        var (target, outputs) = Head(config, given);
        problems.Require(target != Target.Value || outputs == 1, $"/{FolderFiles.Config}/problem_type", $"regression given, and a head of {outputs} outputs; 1 is served");
        var weights = TransformerWeights.Of(config.Size, config.Vocabulary, target ?? Target.Class, Math.Max(1, outputs));
        var fit = WeightsFit.Of(given, weights, config.Size.Encoder, encoderOnly: target is null);
        foreach (var problem in fit.Problems) problems.Add($"/{FolderFiles.Weights}", problem);
        // A BERT without a pooler has a classifier all the same, of which nothing is known to work.
        if (target is not null && fit.Fresh.Count > 0) (target, outputs) = (null, 0);
        if (problems.None) CheckValues(folder, problems);
        if (!problems.None) return null;
        var files = Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)).Where(FolderFiles.Knows).Order(StringComparer.Ordinal)
            .Select(name => Describe(folder, name)).ToList();
        return new ImportedModel
        {
            Architecture = config.Architecture,
            Vocabulary = new ImportedVocabulary(config.Vocabulary, tokenizer!.Digest),
            LongestText = tokenizer.MaxLength,
            Target = target,
            Outputs = outputs,
            Labels = target == Target.Class && config.Labels.Count == outputs ? config.Labels : [],
            MaskedLmHead = GuessesWords(config, given),
            Parameters = weights.Where(weight => !fit.Fresh.Contains(weight.Key)).Sum(weight => weight.Value.Aggregate(1L, (product, size) => product * size)),
            Files = files,
            Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(files)))),
        };
    }

    // What the tensors say of the head counts: configs leave out what is the default.
    private static (Target? Target, int Outputs) Head(TransformerConfig config, Dictionary<string, long[]> given)
    {
        if (!config.ServesHead || !given.TryGetValue($"{TransformerWeights.LastLayer(config.Size.Family, config.Target)}.weight", out var shape)) return (null, 0);
        var outputs = config.Target == Target.Class && config.Labels.Count > 0 ? config.Labels.Count : config.Target == Target.Span ? 2 : (int)shape[0];
        return (config.Target, outputs);
    }

    // Beside whatever head is served: BERT's first weights came with it and a classifier of sentence pairs. A part of one is none.
    private static bool GuessesWords(TransformerConfig config, Dictionary<string, long[]> given) =>
        config.TiesWords && TransformerWeights.Of(config.Size, config.Vocabulary, Target.Word, 0)
            .Where(weight => WeightNames.IsHead(weight.Key, config.Size.Encoder))
            .All(weight => given.TryGetValue(weight.Key, out var shape) && shape.SequenceEqual(weight.Value));

    private static TransformerConfig? ReadConfig(string folder, ProblemList problems)
    {
        var path = Path.Combine(folder, FolderFiles.Config);
        if (File.Exists(path)) return TransformerConfig.Parse(File.ReadAllBytes(path), problems);
        problems.Add("", "missing; the config.json of the model's folder");
        return null;
    }

    private static Dictionary<string, long[]>? ReadTensors(string folder, ProblemList problems)
    {
        try
        {
            var (tensors, shards) = (new Dictionary<string, long[]>(), FolderFiles.Shards(folder));
            foreach (var file in FolderFiles.OfWeights(folder))
            {
                using var stream = File.OpenRead(Path.Combine(folder, file));
                foreach (var entry in Header(stream, file).Entries)
                {
                    if (!tensors.TryAdd(entry.Name, entry.Shape)) throw new InvalidDataException($"{entry.Name} is in more than one file");
                    if (shards is not null && shards.GetValueOrDefault(entry.Name) is var named && named != file)
                        problems.Add("", $"{FolderFiles.Index}: {file} holds {entry.Name}; weight_map {(named is null ? "leaves it out" : $"has it in {named}")}");
                }
            }
            foreach (var (name, file) in shards ?? new Dictionary<string, string>())
                problems.Require(tensors.ContainsKey(name), "", $"{FolderFiles.Index}: weight_map has {name} in {file}; no file holds it");
            return tensors;
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            problems.Add("", e.Message);
            return null;
        }
    }

    private static SafetensorsHeader Header(Stream stream, string file)
    {
        try
        {
            return SafetensorsHeader.Read(stream);
        }
        catch (InvalidDataException) when (FolderFiles.BeginsAsPickle(stream))
        {
            throw new InvalidDataException(FolderFiles.PickleRefusal(file));
        }
    }

    // Last, as it alone reads all of the weights.
    private static void CheckValues(string folder, ProblemList problems)
    {
        foreach (var file in FolderFiles.OfWeights(folder))
        {
            using var stream = File.OpenRead(Path.Combine(folder, file));
            foreach (var name in NonFiniteValues.Find(stream, SafetensorsHeader.Read(stream))) problems.Add($"/{file}", $"{name} holds NaN or an infinity; finite numbers are right");
        }
    }

    private static Tokenizer? ReadTokenizer(string folder, ProblemList problems)
    {
        try
        {
            return TokenizerFolder.Read(folder);
        }
        catch (TextDataException e)
        {
            // The folder's own path is no business of who sent it.
            problems.Add($"/{Path.GetFileName(e.Path)}", $"{(e.Line is { } line ? $"line {line}: " : "")}{e.Problem}");
            return null;
        }
    }

    private static ImportedFile Describe(string folder, string name)
    {
        using var stream = File.OpenRead(Path.Combine(folder, name));
        return new ImportedFile(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
