using TorchSharp.Modules;
using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static class utils
        {
            /// <summary>Scales all gradients down together so that their norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>The norm before.</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                using var unrecorded = no_grad();
                using var scope = NewDisposeScope();
                var gradients = tensors.Select(tensor => tensor.grad).OfType<Tensor>().ToArray();
                if (gradients.Length == 0) return 0;
                var norms = double.IsPositiveInfinity(norm_type)
                    ? Array.ConvertAll(gradients, gradient => gradient.abs().max())
                    : CallList("_foreach_norm.Scalar", gradients, norm_type);
                var together = stack(norms);
                var total = (double.IsPositiveInfinity(norm_type) ? together.max() : together.norm((float)norm_type)).ToDouble();
                var share = max_norm / (total + 1e-6);
                if (share < 1) Do("_foreach_mul_.Scalar", gradients, share);
                return total;
            }

            /// <summary>Clamps every element of the gradients to [-clip_value, clip_value].</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var unrecorded = no_grad();
                using var scope = NewDisposeScope();
                foreach (var tensor in tensors) tensor.grad?.clamp_(-clip_value, clip_value);
            }

            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors) => cat(tensors.Select(tensor => tensor.reshape(-1)).ToArray());

            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using var unrecorded = no_grad();
                using var scope = NewDisposeScope();
                long start = 0;
                foreach (var tensor in tensors)
                {
                    tensor.copy_(vec.narrow(0, start, tensor.numel()).view_as(tensor));
                    start += tensor.numel();
                }
            }
        }
    }
}
