using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Linear algebra.</summary>
    public static class linalg
    {
        /// <summary>X of <c>A X = B</c>, for square A of full rank.</summary>
        public static Tensor solve(Tensor A, Tensor B) => Call("linalg_solve", A, B);
    }
}
