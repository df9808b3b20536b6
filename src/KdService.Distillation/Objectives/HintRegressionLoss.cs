using KdService.Core.Architectures;
using KdService.LibTorch.Extras;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdService.Distillation.Objectives;

/// <summary>Romero et al. (2015, arXiv 1412.6550), as RepDistiller has it: mean over all elements of <c>(r(F_S) - F_T)^2</c>.</summary>
internal sealed class HintRegressionLoss(ObjectiveContext context) : FeatureLoss(context)
{
    private readonly ModuleList<Regressor> _regressors = ModuleList([.. context.Taps.Select(pair => new Regressor(pair.Student, pair.Teacher))]);

    /// <inheritdoc />
    public override Module Learned => _regressors;

    /// <inheritdoc />
    protected override Tensor Loss(IReadOnlyList<(Tensor Student, Tensor Teacher)> pairs, TrainingBatch batch) =>
        // One sample has no statistics for batch norm where the map is 1x1.
        batch.Labels.size(0) == 1 ? Nothing(pairs) : Sum(pairs.Zip(_regressors, (pair, regressor) => functional.mse_loss(regressor.call(pair.Student), pair.Teacher)));

    /// <summary>A convolution to the shape of the teacher's map, with batch norm and ReLU.</summary>
    private sealed class Regressor : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _convolution;
        private readonly BatchNorm2d _norm;

        public Regressor(Tap student, Tap teacher) : base(nameof(Regressor))
        {
            var (inputs, outputs, from, to) = (student.Shape[0], teacher.Shape[0], student.Shape[1], teacher.Shape[1]);
            if (from == 2 * to) _convolution = Conv2d(inputs, outputs, 3, 2, 1);
            else if (2 * from == to) _convolution = ConvTranspose2d(inputs, outputs, 4, 2, 1);
            else _convolution = Conv2d(inputs, outputs, 1 + from - to);
            _norm = BatchNorm2d(outputs);
            register_module("conv", _convolution);
            register_module("bn", _norm);
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return _norm.BatchNormRelu(_convolution.call(input)).MoveToOuterDisposeScope();
        }

        protected override void RegisterComponents()
        {
        }
    }
}
