using System.Globalization;
using KdService.Core.Datasets;
using KdService.Core.Schema;

namespace KdService.Core.Plans.Robustness;

/// <summary>How the change of a picture is measured.</summary>
public enum ChangeNorm
{
    /// <summary>The greatest change of any value of any pixel.</summary>
    Linf,

    /// <summary>The Euclidean length of the change of all values of a picture.</summary>
    L2,
}

/// <summary>An attack that follows the gradient of the loss with respect to the pixels, within a bound on their change.</summary>
public abstract record PictureAttack : Attack
{
    /// <summary>How the change is measured.</summary>
    [Field("What is bounded: linf (the greatest change of a value) or l2 (the Euclidean length of the change of a picture).", Evidence = "[recalled, unverified] Linf in both papers")]
    public ChangeNorm Norm { get; init; }

    /// <summary>The bound, in steps of a pixel value, of which there are 255.</summary>
    [Field("The bound on the change, in steps of a pixel value: 8 is 8/255 of its range. 128 is usual for l2.", Min = 0, ExclusiveMin = true, Max = 100_000, Evidence = "[recalled, unverified] 8/255 on CIFAR-10, Madry et al.")]
    public double Epsilon { get; init; } = 8;

    /// <inheritdoc />
    public override InputKind Attacks => InputKind.Pictures;

    /// <summary>The norm and the bound in words.</summary>
    protected string Bound => string.Create(CultureInfo.InvariantCulture, $"{(Norm == ChangeNorm.L2 ? "l2 " : "")}{Epsilon:0.##}/255");

    /// <inheritdoc />
    public override void Check(Dataset dataset, string pointer, ProblemList problems)
    {
        base.Check(dataset, pointer, problems);
        var most = Norm == ChangeNorm.Linf ? 255 : Math.Floor(255 * Math.Sqrt(dataset.Shape.Values));
        problems.Require(Epsilon <= most, $"{pointer}/epsilon", string.Create(CultureInfo.InvariantCulture, $"{Epsilon} given; at most {most}, which already is any picture at all"));
    }
}

/// <summary>Goodfellow et al. (2015, arXiv 1412.6572): one step by <c>epsilon sign(grad_x CE)</c>; under l2 by epsilon in the gradient's direction.</summary>
[Case("fgsm", "Fast gradient sign method: one step of the pixels up the loss (Goodfellow et al. 2015).")]
public sealed record Fgsm : PictureAttack
{
    /// <inheritdoc />
    public override string Label => $"fgsm {Bound}";

    /// <inheritdoc />
    public override double PassesPerSample(DataShape shape) => 5;
}

/// <summary>
/// Madry et al. (2018, arXiv 1706.06083): steps up the loss, each followed by the projection onto the bound and onto pictures.
/// A picture that the network errs about stays as it is then.
/// </summary>
[Case("pgd", "Projected gradient descent: several steps up the loss, each followed by the projection onto the bound (Madry et al. 2018).")]
public sealed record Pgd : PictureAttack
{
    /// <summary>Steps.</summary>
    [Field("Steps.", Min = 1, Max = 10_000, Evidence = "[recalled, unverified] 7 to 20 on CIFAR-10")]
    public int Steps { get; init; } = 10;

    /// <summary>How far one step goes, in steps of a pixel value.</summary>
    [Field("How far one step goes, in steps of a pixel value; 2.5 epsilon / steps when left out.", Min = 0, ExclusiveMin = true, Max = 100_000, Evidence = "[recalled, unverified] Madry et al.")]
    public double? StepSize { get; init; }

    /// <summary>Whether it starts at a random picture within the bound.</summary>
    [Field("Start at a random picture within the bound instead of the picture itself.", Evidence = "[recalled, unverified] Madry et al.")]
    public bool RandomStart { get; init; } = true;

    /// <inheritdoc />
    public override string Label => $"pgd {Bound} x{Steps}";

    /// <inheritdoc />
    public override double PassesPerSample(DataShape shape) => 2 + 3.0 * Steps;
}
