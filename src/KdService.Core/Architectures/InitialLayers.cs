namespace KdService.Core.Architectures;

/// <summary>Which layers of a teacher the layers of a student begin with.</summary>
public static class InitialLayers
{
    /// <summary>The last of every k layers of the teacher, where it has k times as many: TinyBERT's map (Jiao et al. 2020, arXiv:1909.10351).</summary>
    public static IReadOnlyList<int> Spread(int studentLayers, int teacherLayers) =>
        [.. Enumerable.Range(1, studentLayers).Select(layer => layer * teacherLayers / studentLayers - 1)];

    /// <summary>Why a student cannot begin with layers of a teacher; null if it can.</summary>
    public static string? Mismatch(Transformer student, Transformer teacher, IReadOnlyList<int> layers) =>
        student.Hidden != teacher.Hidden ? $"a student of width {student.Hidden} and a teacher of width {teacher.Hidden} given; equal widths are needed"
        : (student.Family == TransformerFamily.Roberta) != (teacher.Family == TransformerFamily.Roberta) ? $"a {student.Family} student and a {teacher.Family} teacher given; RoBERTa's positions and tokens are its own"
        : layers.Count != student.Layers ? $"{layers.Count} layers given; the student has {student.Layers}"
        : layers.Any(layer => layer < 0 || layer >= teacher.Layers) ? $"layers {string.Join(", ", layers)} given; the teacher has 0 to {teacher.Layers - 1}"
        : null;
}
