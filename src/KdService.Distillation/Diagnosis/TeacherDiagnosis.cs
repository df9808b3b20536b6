using KdService.Core.Plans;
using KdService.Core.Runs;
using static TorchSharp.torch;

namespace KdService.Distillation.Diagnosis;

/// <summary>Diagnoses a teacher's signal after Tang et al. (2020, arXiv 2002.03532).</summary>
public static class TeacherDiagnosis
{
    // Ours: the paper shows both cases in pictures and gives no numbers. Perceptrons on the clusters have an evenness of 0.27, with label
    // smoothing by 0.1 one of 0.84, by 0.3 of 0.93.
    private const double EvenTeacher = 0.8;
    private const double SureTeacher = 0.99;

    private const int Bins = 40;

    /// <summary>The diagnosis for some samples.</summary>
    /// <param name="teacherLogits"><c>[samples, classes]</c>.</param>
    /// <param name="studentLogits"><c>[samples, classes]</c>.</param>
    /// <param name="labels">True classes, int64 <c>[samples]</c>.</param>
    /// <param name="teacherWeights">The teacher's last linear layer <c>[classes, features]</c>.</param>
    /// <param name="studentWeights">The student's <c>[classes, features]</c>.</param>
    /// <param name="loss">The divergence for which gradients are compared.</param>
    public static DiagnosisReport Of(Tensor teacherLogits, Tensor studentLogits, Tensor labels, Tensor teacherWeights, Tensor studentWeights, SoftTargets loss)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (teacher, student, column) = (teacherLogits.to(float64), studentLogits.to(float64), labels.unsqueeze(1));
        var (p, q) = (teacher.softmax(1), student.softmax(1));
        var (confidence, ofStudent) = (p.gather(1, column).squeeze(1), q.gather(1, column).squeeze(1));
        var rescaling = Rescaling(teacher, student, column, loss);
        var (teacherRows, studentRows) = (MeanByClass(p, labels), MeanByClass(q, labels));
        var (teacherCosines, studentCosines) = (Cosines(teacherWeights), Cosines(studentWeights));
        var evenness = Evenness(p, labels);
        var report = new DiagnosisReport
        {
            Samples = (int)labels.shape[0],
            Alpha = loss.Alpha,
            Temperature = loss.Temperature,
            TemperatureSquared = loss.TemperatureSquared,
            Rescaling = Describe(rescaling, quantileEdges: true),
            RescalingFollowsConfidence = Correlation(rescaling, confidence),
            TeacherConfidence = Describe(confidence, quantileEdges: false),
            StudentConfidence = Describe(ofStudent, quantileEdges: false),
            Relations = new ClassRelations
            {
                TeacherWeights = Rows(teacherCosines),
                StudentWeights = Rows(studentCosines),
                TeacherProbabilities = Rows(teacherRows),
                StudentProbabilities = Rows(studentRows),
                WeightsAgree = Correlation(OffDiagonal(teacherCosines), OffDiagonal(studentCosines)),
                ProbabilitiesAgree = Correlation(OffDiagonal(teacherRows), OffDiagonal(studentRows)),
                TeacherEvenness = evenness,
            },
            Findings = [],
        };
        return report with { Findings = [.. Findings(report)] };
    }

    /// <summary>The factor on each sample's gradient of the true class's logit, <c>[samples]</c>; 1 for cross-entropy alone.</summary>
    private static Tensor Rescaling(Tensor teacher, Tensor student, Tensor column, SoftTargets loss)
    {
        var q = student.softmax(1).gather(1, column).squeeze(1);
        var (softP, softQ) = ((teacher / loss.Temperature).softmax(1).gather(1, column).squeeze(1), (student / loss.Temperature).softmax(1).gather(1, column).squeeze(1));
        var scale = loss.TemperatureSquared ? loss.Alpha * loss.Temperature : loss.Alpha / loss.Temperature;
        // A sample that the student is certain of has no gradient to rescale; the bound keeps its factor finite.
        return 1 - loss.Alpha + scale * (softP - softQ) / (1 - q).clamp(min: 1e-6);
    }

    private static Tensor MeanByClass(Tensor probabilities, Tensor labels)
    {
        var ofClass = nn.functional.one_hot(labels, probabilities.shape[1]).to(float64); // [samples, classes]
        return ofClass.t().mm(probabilities) / ofClass.sum(dim: 0).clamp(min: 1).unsqueeze(1);
    }

    private static Tensor Cosines(Tensor weights)
    {
        var rows = weights.detach().cpu().to(float64);
        rows /= rows.norm(1, keepdim: true).clamp(min: 1e-12);
        return rows.mm(rows.t());
    }

    // Of each sample's probabilities of wrong classes the entropy, as a part of the greatest: of class means it would be great in any case.
    private static double Evenness(Tensor probabilities, Tensor labels)
    {
        var (samples, classes) = (probabilities.shape[0], probabilities.shape[1]);
        if (classes <= 2) return 1;
        var isTrue = nn.functional.one_hot(labels, classes).to(ScalarType.Bool);
        var wrong = probabilities.masked_select(isTrue.logical_not()).view(samples, classes - 1);
        wrong /= wrong.sum(1, keepdim: true).clamp(min: 1e-300);
        return (-(wrong * wrong.clamp(min: 1e-300).log()).sum(1) / Math.Log(classes - 1)).mean().item<double>();
    }

    // In the order of the rows.
    private static Tensor OffDiagonal(Tensor square) => square.masked_select(eye(square.shape[0], dtype: ScalarType.Bool).logical_not());

    private static double? Correlation(Tensor one, Tensor other)
    {
        var (a, b) = (one - one.mean(), other - other.mean());
        var norm = (a.norm() * b.norm()).item<double>();
        return norm < 1e-12 ? null : a.dot(b).item<double>() / norm;
    }

    // Probabilities have bins over [0, 1]; rescaling factors have long tails, so theirs cover the middle 98 %.
    private static Distribution Describe(Tensor values, bool quantileEdges)
    {
        var sorted = values.data<double>().Order().ToArray();
        double Quantile(double part) => sorted[(int)Math.Min(sorted.Length - 1, part * sorted.Length)];
        var (low, high) = quantileEdges ? (Quantile(0.01), Quantile(0.99)) : (0.0, 1.0);
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        var counts = new int[Bins];
        foreach (var value in sorted) counts[(int)Math.Clamp((value - low) / (high - low) * Bins, 0, Bins - 1)]++;
        var mean = sorted.Average();
        return new Distribution(mean, Math.Sqrt(sorted.Sum(value => (value - mean) * (value - mean)) / sorted.Length),
            [.. new[] { 0, 0.05, 0.25, 0.5, 0.75, 0.95, 1 }.Select(Quantile)], [.. Enumerable.Range(0, Bins + 1).Select(edge => low + edge * (high - low) / Bins)], counts);
    }

    private static IReadOnlyList<IReadOnlyList<double>> Rows(Tensor matrix)
    {
        var (values, columns) = (matrix.contiguous().data<double>().ToArray(), (int)matrix.shape[1]);
        return [.. values.Chunk(columns)];
    }

    private static IEnumerable<string> Findings(DiagnosisReport report)
    {
        if (report.Relations.TeacherEvenness > EvenTeacher)
            yield return FormattableString.Invariant($"The teacher gives wrong classes nearly equal shares (evenness {report.Relations.TeacherEvenness:F3}, above {EvenTeacher}), as one trained with label smoothing does: it tells little of which classes are alike.");
        if (report.TeacherConfidence.Mean > SureTeacher)
            yield return FormattableString.Invariant($"The teacher is nearly certain of the training samples (mean probability of the true class {report.TeacherConfidence.Mean:F3}, above {SureTeacher}): it hardly tells easy samples from hard ones, and its rescaling of gradients says little.");
    }
}
