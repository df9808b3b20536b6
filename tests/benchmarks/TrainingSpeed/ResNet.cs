using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

/// <summary>He et al. 2015 (arXiv:1512.03385), section 4.2, with 1x1 convolutions where the shape changes: depth is 6n + 2.</summary>
internal sealed class ResNet : Module<Tensor, Tensor>
{
    private readonly Conv2d _conv1 = Conv2d(3, 16, 3, 1, 1, bias: false);
    private readonly BatchNorm2d _bn1 = BatchNorm2d(16);
    private readonly ModuleList<Block> _blocks = new();
    private readonly Linear _fc;

    public ResNet(int depth) : base(nameof(ResNet))
    {
        long width = 16;
        foreach (var (planes, stride) in new[] { (16, 1), (32, 2), (64, 2) })
        {
            for (var i = 0; i < (depth - 2) / 6; i++)
            {
                _blocks.Add(new Block(width, planes, i == 0 ? stride : 1));
                width = planes;
            }
        }
        _fc = Linear(64, 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var x = _bn1.BatchNormRelu(_conv1.call(input));
        foreach (var block in _blocks) x = block.call(x);
        return _fc.call(functional.adaptive_avg_pool2d(x, 1).flatten(1));
    }
}

internal sealed class Block : Module<Tensor, Tensor>
{
    private readonly Conv2d _conv1, _conv2;
    private readonly BatchNorm2d _bn1, _bn2;
    private readonly Sequential? _shortcut;

    public Block(long width, long planes, int stride) : base(nameof(Block))
    {
        _conv1 = Conv2d(width, planes, 3, stride, 1, bias: false);
        _bn1 = BatchNorm2d(planes);
        _conv2 = Conv2d(planes, planes, 3, 1, 1, bias: false);
        _bn2 = BatchNorm2d(planes);
        if (stride != 1 || width != planes) _shortcut = Sequential(Conv2d(width, planes, 1, stride, bias: false), BatchNorm2d(planes));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        var y = _bn1.BatchNormRelu(_conv1.call(input));
        return _bn2.BatchNormAddRelu(_conv2.call(y), _shortcut is null ? input : _shortcut.call(input));
    }
}
