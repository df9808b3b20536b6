using KdService.Core.Architectures;
using static TorchSharp.torch;

namespace KdService.Distillation.Models.Text;

/// <summary>Starts a student with weights of its teacher, as DistilBERT was (Sanh et al. 2019, arXiv:1910.01108, section 3).</summary>
public static class StudentInit
{
    /// <summary>Copies the teacher's embeddings and the layers that a map names; the student's head stays as it is.</summary>
    /// <param name="student">The student.</param>
    /// <param name="teacher">The teacher, on whatever device.</param>
    /// <param name="layers">For each layer of the student, from 0, the teacher's that it begins with; null for <see cref="InitialLayers.Spread"/>.</param>
    /// <exception cref="ArgumentException">The networks do not fit; says how.</exception>
    public static void FromLayers(TextNetwork student, TextNetwork teacher, IReadOnlyList<int>? layers = null)
    {
        layers ??= InitialLayers.Spread(student.Size.Layers, teacher.Size.Layers);
        if (InitialLayers.Mismatch(student.Size, teacher.Size, layers) is { } mismatch) throw new ArgumentException(mismatch, nameof(student));
        if (student.Words.size(0) != teacher.Words.size(0))
            throw new ArgumentException($"vocabularies of {student.Words.size(0)} and {teacher.Words.size(0)} entries given; equal ones are needed", nameof(student));
        using var unrecorded = no_grad();
        using var scope = NewDisposeScope();
        Copy(teacher.Size.Embeddings, student.Size.Embeddings);
        foreach (var (layer, from) in layers.Index()) Copy(teacher.Size.Layer(from), student.Size.Layer(layer));

        // The families name the weights of a layer differently, but in the same order; of segments some have no embeddings.
        void Copy(string from, string to)
        {
            var (given, own) = (Within(teacher, from), Within(student, to));
            if (given.Count == own.Count)
                foreach (var (weight, source) in own.Zip(given)) weight.Value.copy_(source.Value);
            else
                foreach (var (name, weight) in own)
                    if (given.TryGetValue(name, out var source)) weight.copy_(source);
        }
    }

    private static OrderedDictionary<string, Tensor> Within(TextNetwork network, string path) =>
        new(network.named_parameters().Where(named => named.name.StartsWith($"{path}.", StringComparison.Ordinal))
            .Select(named => KeyValuePair.Create(named.name[(path.Length + 1)..], (Tensor)named.parameter)));
}
