using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.LibTorch.Tests;

public sealed class OperatorTests
{
    private static (Tensor A, Tensor B, Tensor M) Inputs()
    {
        manual_seed(11);
        return (randn(4, 6), randn(4, 6), randn(6, 5));
    }

    [Fact]
    public void Operators_OnSeededInputs_EqualPyTorch()
    {
        using var scope = NewDisposeScope();
        var (a, b, m) = Inputs();
        var i = tensor(new long[,] { { 0, 2, 1 }, { 5, 4, 3 }, { 1, 1, 0 }, { 2, 0, 5 } });
        var (values, indices) = a.topk(3, dim: 1);
        var (largest, places) = a.max(1);
        CheckAll("operators", new()
        {
            ["add"] = a + b,
            ["sub_scalar"] = 3 - a,
            ["div_scalar"] = 2 / a,
            ["remainder"] = a % 0.7,
            ["pow"] = a.abs().pow(1.5),
            ["matmul"] = a.matmul(m),
            ["bmm"] = bmm(a.view(2, 2, 6), m.expand(2, 6, 5)),
            ["einsum"] = einsum("ij,kj->ik", a, b),
            ["sum_dim"] = a.sum(1),
            ["mean_keepdim"] = a.mean([0, 1], keepdim: true),
            ["std"] = a.std(1),
            ["std_biased"] = a.std(1, unbiased: false),
            ["var"] = a.var(),
            ["norm"] = a.norm(),
            ["norm_dim"] = a.norm(1),
            ["norm_one"] = a.norm(p: 1),
            ["softmax"] = a.softmax(1),
            ["log_softmax"] = a.log_softmax(0),
            ["logsumexp"] = a.logsumexp(1),
            ["topk_values"] = values,
            ["topk_indices"] = indices,
            ["max_values"] = largest,
            ["max_indices"] = places,
            ["argmax"] = a.argmax(1),
            ["argmin_all"] = a.argmin(),
            ["sort"] = a.sort(1, descending: true).Values,
            ["argsort"] = a.argsort(1),
            ["cumsum"] = a.cumsum(1),
            ["gather"] = a.gather(1, i),
            ["scatter"] = zeros(4, 6).scatter_(1, i, a),
            ["scatter_add"] = zeros(4, 6).scatter_add_(1, i, a),
            ["index_select"] = a.index_select(1, tensor(new long[] { 4, 0 })),
            ["index"] = a[tensor(new long[] { 3, 1 })],
            ["masked"] = a[a > 0],
            ["slice"] = a[TensorIndex.Slice(1, 3), TensorIndex.Slice(null, null, 2)],
            ["ellipsis"] = a[TensorIndex.Ellipsis, 1],
            ["negative"] = a[TensorIndex.Single(-1), TensorIndex.Slice(-2)],
            ["newaxis"] = a[TensorIndex.Colon, TensorIndex.None, 2],
            ["cat"] = cat([a, b], 1),
            ["stack"] = stack([a, b], 1),
            ["where"] = where(a > b, a, b),
            ["clamp"] = a.clamp(-0.5, 0.5),
            ["masked_fill"] = a.masked_fill(a < 0, -1),
            ["permute"] = a.view(2, 2, 6).permute(2, 0, 1),
            ["transpose"] = a.t(),
            ["flip"] = a.flip(1),
            ["roll"] = a.roll([1, 2], [0, 1]),
            ["unfold"] = a.unfold(1, 3, 2),
            ["tril"] = a.tril(),
            ["repeat_interleave"] = a.repeat_interleave(2, 0),
            ["chunk_last"] = a.chunk(4, 1)[^1],
            ["split_middle"] = a.split([1, 3, 2], 1)[1],
            ["erf"] = a.erf(),
            ["gelu"] = functional.gelu(a),
            ["silu"] = functional.silu(a),
            ["tanh"] = a.tanh(),
            ["relu6"] = functional.relu6(a * 4),
            ["exp"] = a.exp(),
            ["log1p"] = a.abs().log1p(),
            ["one_hot"] = functional.one_hot(i, 6),
            ["linspace"] = linspace(0, 1, 7),
            ["arange"] = arange(1, 10, 2),
            ["arange_float"] = arange(0, 1, 0.25),
            ["eye"] = eye(3, 4),
            ["full"] = full(2, 2, 7.5),
            ["cdist"] = cdist(a, b),
            ["bincount"] = i.flatten().bincount(null),
            ["unique"] = i.unique().output,
            ["count_nonzero"] = i.count_nonzero(),
            ["any"] = (a > 1).any(1),
            ["all"] = (a > -9).all(),
            ["round_decimals"] = a.round(1),
            ["median"] = a.median(),
            ["outer"] = outer(a[0], b[1]),
        });
    }

    [Fact]
    public void Functionals_OnSeededInputs_EqualPyTorch()
    {
        using var scope = NewDisposeScope();
        var (a, b, _) = Inputs();
        var (labels, ignored) = (tensor(new long[] { 0, 5, 2, 3 }), tensor(new long[] { 0, -100, 2, -100 }));
        var (p, q) = (a.log_softmax(1), b.softmax(1));
        var images = arange(2 * 3 * 6 * 6, dtype: ScalarType.Float32).view(2, 3, 6, 6).sin();
        CheckAll("functionals", new()
        {
            ["cross_entropy"] = functional.cross_entropy(a, labels),
            ["cross_entropy_sum"] = functional.cross_entropy(a, labels, reduction: Reduction.Sum),
            ["cross_entropy_none"] = functional.cross_entropy(a, labels, reduction: Reduction.None),
            ["cross_entropy_weight"] = functional.cross_entropy(a, labels, weight: arange(1.0, 7.0)),
            ["cross_entropy_smooth"] = functional.cross_entropy(a, labels, label_smoothing: 0.1),
            ["cross_entropy_ignore"] = functional.cross_entropy(a, ignored),
            ["cross_entropy_soft"] = functional.cross_entropy(a, q),
            ["nll"] = functional.nll_loss(p, labels),
            ["mse"] = functional.mse_loss(a, b),
            ["mse_sum"] = functional.mse_loss(a, b, Reduction.Sum),
            ["kl"] = functional.kl_div(p, q, log_target: false, reduction: Reduction.Sum),
            ["kl_log"] = functional.kl_div(p, b.log_softmax(1), log_target: true, reduction: Reduction.None),
            ["smooth_l1"] = functional.smooth_l1_loss(a, b, beta: 0.5),
            ["l1"] = functional.l1_loss(a, b),
            ["huber"] = functional.huber_loss(a, b, 0.3),
            ["bce_logits"] = functional.binary_cross_entropy_with_logits(a, q),
            ["cosine"] = functional.cosine_similarity(a, b),
            ["normalize"] = functional.normalize(a),
            ["normalize_one"] = functional.normalize(a, p: 1, dim: 0),
            ["pad"] = functional.pad(images, (1, 2, 0, 1), value: 0.5),
            ["pad_reflect"] = functional.pad(images, (1, 2, 2, 1), PaddingModes.Reflect),
            ["max_pool"] = functional.max_pool2d(images, 2),
            ["max_pool_padded"] = functional.max_pool2d(images, 3, 2, 1),
            ["avg_pool"] = functional.avg_pool2d(images, 3, 2, 1),
            ["adaptive"] = functional.adaptive_avg_pool2d(images, (2, 3)),
            ["bilinear"] = functional.interpolate(images, [9, 4], mode: InterpolationMode.Bilinear),
            ["nearest"] = functional.interpolate(images, scale_factor: [0.5]),
            ["bicubic"] = functional.interpolate(images, [3, 3], mode: InterpolationMode.Bicubic, align_corners: true),
            ["im2col"] = functional.unfold(images, 3, padding: 1, stride: 2),
            ["layer_norm"] = functional.layer_norm(a, [6]),
            ["attention"] = functional.scaled_dot_product_attention(a.view(1, 2, 2, 6), b.view(1, 2, 2, 6), (a + b).view(1, 2, 2, 6)),
            ["attention_causal"] = functional.scaled_dot_product_attention(a.view(1, 1, 4, 6), b.view(1, 1, 4, 6), (a + b).view(1, 1, 4, 6), is_casual: true),
        });
    }

    private static void CheckAll(string fixture, Dictionary<string, Tensor> results)
    {
        var expected = Fixture.Load(fixture);
        Assert.Equal(expected.Names.Order(), results.Keys.Order());
        foreach (var (name, result) in results) expected.Check(name, result);
    }

    [Fact]
    public void InPlaceOperators_Return_TheObjectTheyChanged()
    {
        using var a = ones(3);
        Assert.Same(a, a.add_(1));
        Assert.Same(a, a.mul_(a).sub_(1).clamp_(0, 2).relu_());
        Assert.Equal([2f, 2f, 2f], a.data<float>().ToArray());
    }

    [Fact]
    public void Conversions_BetweenTypes_KeepValues()
    {
        using var scope = NewDisposeScope();
        var a = tensor([1.5f, -2.5f]);
        Assert.Equal(ScalarType.Float64, a.to(float64).dtype);
        Assert.Equal([1L, -2L], a.to(int64).data<long>().ToArray());
        Assert.Equal(ScalarType.Int64, (tensor([1, 2]).to(int64) * 2).dtype);
        Assert.Equal(ScalarType.Float32, (tensor([1, 2]) * 2.5).dtype);
        Assert.Equal(3.0, (tensor(1.25) + 1.75).item<double>());
        Assert.Equal(7, tensor(7L).ToInt32());
        Assert.True(tensor(true).ToBoolean());
    }

    [Fact]
    public void ManagedMemory_OfAnyRank_RoundTrips()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([2L, 3L], a.shape);
        Assert.Equal(6f, a.data<float>()[1, 2]);
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], a.t().data<float>().ToArray());
        var copy = empty(2, 3);
        copy.bytes = a.bytes;
        Assert.True(copy.allclose(a));
        using var stream = new MemoryStream();
        a.WriteBytesToStream(stream);
        stream.Position = 0;
        var read = zeros(2, 3);
        read.ReadBytesFromStream(stream);
        Assert.True(read.allclose(a));
        Assert.Equal([0L], tensor(Array.Empty<float>()).shape);
        Assert.Equal([2L, 1L, 2L], from_array(new byte[,,] { { { 1, 2 } }, { { 3, 4 } } }).shape);
    }

    [Fact]
    public void IndexAssignment_OfSlicesMasksAndIndices_ChangesThoseElements()
    {
        using var scope = NewDisposeScope();
        var a = zeros(3, 4);
        a[1] = 5f;
        a[TensorIndex.Colon, 0] = tensor([7f, 8f, 9f]);
        a[a > 8] = tensor(-1f);
        a[TensorIndex.Tensor(tensor(new long[] { 0, 2 })), 3] = tensor([2f, 3f]);
        Assert.Equal([7f, 0, 0, 2, 8, 5, 5, 5, -1, 0, 0, 3], a.data<float>().ToArray());
    }
}
