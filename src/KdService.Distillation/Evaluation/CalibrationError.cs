namespace KdService.Distillation.Evaluation;

/// <summary>
/// Expected calibration error (Naeini et al. 2015; Guo et al. 2017, equation 3): the confidences in [0, 1] fall into bins of equal width
/// ((m-1)/M, m/M]; the mean over samples of the distance between a bin's accuracy and its mean confidence.
/// </summary>
internal sealed class CalibrationError(int bins)
{
    private readonly double[] _confidence = new double[bins];
    private readonly int[] _correct = new int[bins];
    private int _samples;

    /// <summary>The error of what was added so far; 0 of nothing.</summary>
    public double Value => _samples == 0 ? 0 : _confidence.Zip(_correct, (confidence, correct) => Math.Abs(correct - confidence)).Sum() / _samples;

    /// <summary>Adds a sample.</summary>
    /// <param name="confidence">Probability of the predicted class, in [0, 1].</param>
    /// <param name="correct">Whether the prediction is right.</param>
    public void Add(double confidence, bool correct)
    {
        var bin = Math.Clamp((int)Math.Ceiling(confidence * bins) - 1, 0, bins - 1);
        _confidence[bin] += confidence;
        if (correct) _correct[bin]++;
        _samples++;
    }
}
