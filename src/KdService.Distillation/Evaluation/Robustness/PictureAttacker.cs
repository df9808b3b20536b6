using System.Runtime.InteropServices;
using KdService.Core.Datasets;
using KdService.Core.Plans.Robustness;
using KdService.Distillation.Data;
using static TorchSharp.torch;

namespace KdService.Distillation.Evaluation.Robustness;

/// <summary>
/// Runs fgsm and pgd against a network in evaluation mode. It works on pixels from 0 to 1, which the network sees normalised; a
/// changed picture is always within the bound on its change, and within the range of pixels.
/// </summary>
internal sealed class PictureAttacker : IDisposable
{
    private readonly PictureAttack _attack;
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly Action _goOn;
    private readonly Tensor _mean;
    private readonly Tensor _std;
    private readonly double _epsilon;
    private readonly double _stepSize;
    private readonly int _steps;

    /// <summary>Prepares an attack.</summary>
    /// <param name="attack">The attack.</param>
    /// <param name="dataset">Gives the mean and deviation that pixels are normalised with.</param>
    /// <param name="network">The victim, in evaluation mode.</param>
    /// <param name="device">Where it is.</param>
    /// <param name="goOn">Called before each step; what it throws ends the attack.</param>
    public PictureAttacker(PictureAttack attack, PictureDataset dataset, nn.Module<Tensor, Tensor> network, Device device, Action goOn)
    {
        (_attack, _network, _goOn) = (attack, network, goOn);
        _epsilon = attack.Epsilon / 255;
        (_steps, _stepSize) = attack is Pgd pgd ? (pgd.Steps, pgd.StepSize / 255 ?? 2.5 * _epsilon / pgd.Steps) : (1, _epsilon);
        _mean = Channels(dataset.Mean, device);
        _std = Channels(dataset.Std, device);
    }

    /// <summary>Pixels from 0 to 1 of normalised inputs <c>[batch, 3, height, width]</c>.</summary>
    public Tensor Pixels(Tensor inputs) => (inputs * _std + _mean).clamp(0, 1);

    /// <summary>Attacks a batch, and adds what came of it to a tally.</summary>
    /// <param name="pixels">Pictures <c>[batch, 3, height, width]</c>, from 0 to 1.</param>
    /// <param name="labels">Their classes, int64 <c>[batch]</c>.</param>
    /// <param name="seeds">A key for each picture, on which its random start depends.</param>
    /// <param name="tally">Hears of every picture.</param>
    /// <returns>The pictures as they are after the attack.</returns>
    public Tensor Attack(Tensor pixels, Tensor labels, ReadOnlySpan<long> seeds, AttackTally tally)
    {
        using var scope = NewDisposeScope();
        var answers = Logits(pixels).argmax(1);
        var right = answers.eq(labels);
        var lost = zeros_like(right);
        var queries = ones(labels.shape[0], device: labels.device);
        var standing = right;
        var changed = pixels;
        if (_attack is Pgd { RandomStart: true }) changed = where(Column(standing), Within(pixels, pixels + Noise(pixels, seeds)), pixels);
        for (var step = 0; step < _steps; step++)
        {
            _goOn();
            using var ofStep = NewDisposeScope();
            var (gradient, logits) = Gradient(changed, labels);
            if (step == 0) lost = Lost(gradient).MoveToOuterDisposeScope();
            queries.add_(standing.to(float32));
            // A picture that the network errs about stays as it is.
            standing = (standing & IsRight(logits, labels)).MoveToOuterDisposeScope();
            changed = where(Column(standing), Within(pixels, changed + _stepSize * Direction(gradient)), changed).MoveToOuterDisposeScope();
        }
        queries.add_(standing.to(float32));
        standing = standing & IsRight(Logits(changed), labels);
        Count(tally, answers, right, standing, lost, queries, (changed - pixels).abs().flatten(1));
        return changed.MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _mean.Dispose();
        _std.Dispose();
    }

    private Tensor Logits(Tensor pixels)
    {
        using var _ = no_grad();
        return _network.call((pixels - _mean) / _std);
    }

    private (Tensor Gradient, Tensor Logits) Gradient(Tensor pixels, Tensor labels)
    {
        var at = pixels.detach().requires_grad_();
        var logits = _network.call((at - _mean) / _std);
        // A sum over the batch: each picture's gradient is its own.
        var loss = nn.functional.cross_entropy(logits.to(float32), labels, reduction: nn.Reduction.Sum);
        return (autograd.grad([loss], [at])[0], logits.detach());
    }

    private Tensor Direction(Tensor gradient) => _attack.Norm == ChangeNorm.Linf ? gradient.sign() : gradient / Lengths(gradient).clamp(min: 1e-12);

    // Clamping to the range of pixels moves every value towards the original's, so that it stays within the bound.
    private Tensor Within(Tensor pixels, Tensor changed)
    {
        if (_attack.Norm == ChangeNorm.Linf) return changed.maximum((pixels - _epsilon).clamp(min: 0)).minimum((pixels + _epsilon).clamp(max: 1));
        var change = changed - pixels;
        return (pixels + change * (_epsilon / Lengths(change).clamp(min: 1e-12)).clamp(max: 1)).clamp(0, 1);
    }

    // Uniform in the ball of the norm.
    private Tensor Noise(Tensor pixels, ReadOnlySpan<long> seeds)
    {
        var drawn = empty(pixels.shape, float32);
        var values = MemoryMarshal.Cast<byte, float>(drawn.bytes);
        var size = values.Length / seeds.Length;
        var radii = new float[seeds.Length];
        for (var i = 0; i < seeds.Length; i++)
        {
            var random = new SeededRandom(seeds[i]);
            radii[i] = MathF.Pow(random.Uniform(), 1f / size);
            foreach (ref var value in values.Slice(i * size, size))
                value = _attack.Norm == ChangeNorm.Linf ? random.Uniform(-1, 1) : random.NormalPair().Item1;
        }
        var direction = drawn.to(pixels.device);
        return _attack.Norm == ChangeNorm.Linf ? _epsilon * direction : _epsilon * Column(tensor(radii, device: pixels.device)) * direction / Lengths(direction);
    }

    private static void Count(AttackTally tally, Tensor answers, Tensor right, Tensor standing, Tensor lost, Tensor queries, Tensor change)
    {
        var (said, attacked, withstood, without) = (answers.cpu().data<long>().ToArray(), right.cpu().data<bool>().ToArray(), standing.cpu().data<bool>().ToArray(), lost.cpu().data<bool>().ToArray());
        var (passes, means, most) = (queries.cpu().data<float>().ToArray(), change.mean([1]).cpu().data<float>().ToArray(), change.amax(1).cpu().data<float>().ToArray());
        for (var i = 0; i < attacked.Length; i++)
        {
            if (attacked[i]) tally.Add(said[i], withstood[i], passes[i], means[i], most[i], !without[i]);
            else tally.Skip(said[i]);
        }
    }

    // Zero, or not finite: it shows no way.
    private static Tensor Lost(Tensor gradient)
    {
        var sums = gradient.abs().flatten(1).sum(1);
        return sums.eq(0) | sums.isfinite().logical_not();
    }

    private static Tensor IsRight(Tensor logits, Tensor labels) => logits.argmax(1).eq(labels);

    private static Tensor Lengths(Tensor pictures) => Column(pictures.flatten(1).norm(1));

    private static Tensor Column(Tensor each) => each.view(-1, 1, 1, 1);

    private static Tensor Channels(IReadOnlyList<double> values, Device device) =>
        tensor(values.Select(value => (float)value).ToArray(), device: device).view(1, -1, 1, 1).DetachFromDisposeScope();
}
