using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>What happens to pictures on their way without anyone meaning harm.</summary>
public enum Corruption
{
    /// <summary>Normal noise on every value.</summary>
    GaussianNoise,

    /// <summary>Poisson noise, as of few photons.</summary>
    ShotNoise,

    /// <summary>Some values become black or white.</summary>
    ImpulseNoise,

    /// <summary>A Gaussian blur.</summary>
    GaussianBlur,

    /// <summary>The picture is brighter: the value of HSV rises.</summary>
    Brightness,

    /// <summary>Values move towards their mean.</summary>
    Contrast,

    /// <summary>The picture is made smaller, and large again.</summary>
    Pixelate,

    /// <summary>The losses of JPEG: chroma at half the resolution, and rounded cosine coefficients.</summary>
    Jpeg,
}

/// <summary>Common corruptions after Hendrycks and Dietterich (2019, arXiv 1903.12261), with the severities of CIFAR-10-C.</summary>
public sealed record Corruptions
{
    /// <summary>The levels of severity.</summary>
    public const int Severest = 5;

    /// <summary>Which corruptions.</summary>
    [Field("Which corruptions; those of CIFAR-10-C that need no pictures of their own nor a library for drawing.", Evidence = "[read] make_cifar_c.py of the authors")]
    public IReadOnlyList<Corruption> Kinds { get; init; } = Enum.GetValues<Corruption>();

    /// <summary>Which severities.</summary>
    [Field("Which severities.", Min = 1, Max = Severest, Evidence = "[read] make_cifar_c.py of the authors, and its constants for each")]
    public IReadOnlyList<int> Severities { get; init; } = [1, 2, 3, 4, 5];

    /// <summary>How many test samples are corrupted.</summary>
    [Field("Corrupt so many test samples, spread evenly over the test set; all where there are fewer.", Min = 1, Max = 1_000_000, Evidence = "ours")]
    public int Samples { get; init; } = 500;

    /// <summary>Notes what the options' ranges cannot say.</summary>
    public void Check(Dataset dataset, string pointer, ProblemList problems)
    {
        problems.Require(dataset is PictureDataset, pointer, $"given, but the inputs of {dataset.Name} are {dataset.Shape}; corruptions are those of pictures");
        problems.RequireEachOnce(Kinds, "corruption", $"{pointer}/kinds");
        problems.RequireEachOnce(Severities, "severity", $"{pointer}/severities");
    }
}
