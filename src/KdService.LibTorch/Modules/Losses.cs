using TorchSharp.Modules;
using static TorchSharp.Interop.Aten;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static partial class functional
            {
                /// <summary>Targets are class indices <c>[batch]</c>, or probabilities <c>[batch, classes]</c>.</summary>
                public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100,
                    Reduction reduction = Reduction.Mean, double label_smoothing = 0.0) =>
                    Call("cross_entropy_loss", input, target, weight, reduction, ignore_index, label_smoothing);

                public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                    Call("nll_loss_nd", input, target, weight, reduction);

                /// <summary>Mind the default of <paramref name="log_target"/>: true here, false in PyTorch.</summary>
                public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean) =>
                    Call("kl_div", input, target, reduction, log_target);

                public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Call("mse_loss", input, target, reduction);

                public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => Call("l1_loss", input, target, reduction);

                public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1.0) =>
                    Call("smooth_l1_loss", input, target, reduction, beta);

                public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1.0, Reduction reduction = Reduction.Mean) =>
                    Call("huber_loss", input, target, reduction, delta);

                public static Tensor binary_cross_entropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
                    Call("binary_cross_entropy", input, target, weight, reduction);

                public static Tensor binary_cross_entropy_with_logits(Tensor input, Tensor target, Tensor? weight = null,
                    Reduction reduction = Reduction.Mean, Tensor? pos_weights = null) =>
                    Call("binary_cross_entropy_with_logits", input, target, weight, pos_weights, reduction);

                public static Tensor cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, double margin = 0.0, Reduction reduction = Reduction.Mean) =>
                    Call("cosine_embedding_loss", input1, input2, target, margin, reduction);
            }

            public static CrossEntropyLoss CrossEntropyLoss(Tensor? weight = null, long? ignore_index = null, Reduction reduction = Reduction.Mean) =>
                new(weight, ignore_index, reduction);

            public static MSELoss MSELoss(Reduction reduction = Reduction.Mean) => new(reduction);

            public static KLDivLoss KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean) => new(log_target, reduction);
        }
    }
}

namespace TorchSharp.Modules
{
    public sealed class CrossEntropyLoss(Tensor? weight = null, long? ignore_index = null, Reduction reduction = Reduction.Mean, double label_smoothing = 0.0)
        : Module<Tensor, Tensor, Tensor>(nameof(CrossEntropyLoss))
    {
        public override Tensor forward(Tensor input, Tensor target) =>
            functional.cross_entropy(input, target, weight, ignore_index ?? -100, reduction, label_smoothing);
    }

    public sealed class MSELoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>(nameof(MSELoss))
    {
        public override Tensor forward(Tensor input, Tensor target) => functional.mse_loss(input, target, reduction);
    }

    public sealed class KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>(nameof(KLDivLoss))
    {
        public override Tensor forward(Tensor input, Tensor target) => functional.kl_div(input, target, log_target, reduction);
    }
}
