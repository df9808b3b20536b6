using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module trains.</summary>
    public class Parameter : Tensor
    {
        /// <summary>Takes the contents of <paramref name="data"/>, whose object becomes empty, and its place in its scope.</summary>
        public Parameter(Tensor data, bool requires_grad = true) : this(data, data.OwningDisposeScope, requires_grad)
        {
        }

        private Parameter(Tensor data, DisposeScope? scope, bool requiresGrad)
            : base(data.requires_grad_(requiresGrad).MoveHandle(), register: false)
        {
            scope?.Add(this);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
