using static TorchSharp.Interop.Aten;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>One position of an index expression: an integer, a slice, a mask or index tensor, a new axis or the ellipsis.</summary>
    public sealed class TensorIndex
    {
        private enum Form
        {
            Single,
            Slice,
            Tensor,
            Null,
            Ellipsis,
        }

        private readonly Form _form;
        private readonly long? _start;
        private readonly long? _stop;
        private readonly long _step;
        private readonly Tensor? _tensor;

        private TensorIndex(Form form, long? start = null, long? stop = null, long step = 1, Tensor? tensor = null) =>
            (_form, _start, _stop, _step, _tensor) = (form, start, stop, step, tensor);

        public static TensorIndex Ellipsis { get; } = new(Form.Ellipsis);

        public static TensorIndex Null { get; } = new(Form.Null);

        public static TensorIndex None => Null;

        public static TensorIndex Colon { get; } = Slice();

        public static TensorIndex Single(long? index) => new(Form.Single, index);

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(Form.Slice, start, stop, step ?? 1);

        public static TensorIndex Bool(bool value) => Tensor(tensor(value));

        public static TensorIndex Tensor(Tensor tensor) => new(Form.Tensor, tensor: tensor);

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(Tensor value) => Tensor(value);

        public static implicit operator TensorIndex(Range value) => Slice(
            value.Start.IsFromEnd ? -value.Start.Value : value.Start.Value,
            !value.End.IsFromEnd ? value.End.Value : value.End.Value == 0 ? null : -value.End.Value);

        /// <summary>Applies integers, slices and new axes as views; tensors are left for one gather, by their dimension.</summary>
        internal static (Tensor View, Tensor[]? Gather) Apply(Tensor self, TensorIndex[] indices)
        {
            var used = indices.Sum(index => index._form switch
            {
                Form.Null or Form.Ellipsis => 0,
                Form.Tensor when index._tensor!.dtype == ScalarType.Bool => (int)index._tensor.Dimensions,
                _ => 1,
            });
            if (used > self.Dimensions)
                throw new ArgumentException($"index: {used} dimensions indexed; the tensor has {self.Dimensions}.");
            var view = self;
            var gather = new List<Tensor?>();
            long dim = 0;
            foreach (var index in indices)
            {
                switch (index._form)
                {
                    case Form.Single:
                        view = view.select(dim, index._start!.Value);
                        break;
                    case Form.Slice:
                        view = Call("slice.Tensor", view, dim, index._start, index._stop, index._step);
                        dim++;
                        break;
                    case Form.Null:
                        view = view.unsqueeze(dim++);
                        break;
                    case Form.Ellipsis:
                        dim += self.Dimensions - used;
                        break;
                    default:
                        while (gather.Count < dim) gather.Add(null);
                        gather.Add(index._tensor);
                        dim += index._tensor!.dtype == ScalarType.Bool ? index._tensor.Dimensions : 1;
                        // A mask of several dimensions takes one place in the list.
                        dim -= index._tensor.dtype == ScalarType.Bool ? index._tensor.Dimensions - 1 : 0;
                        break;
                }
            }
            // The place of a dimension that is not gathered is null.
            return (view, gather.Count == 0 ? null : [.. gather!]);
        }
    }

    public partial class Tensor
    {
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[long i1]
        {
            get => index(TensorIndex.Single(i1));
            set => index_put_(value, TensorIndex.Single(i1));
        }

        public Tensor this[long i1, long i2]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2));
        }

        public Tensor this[long i1, long i2, long i3]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3));
        }

        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2), TensorIndex.Single(i3), TensorIndex.Single(i4));
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, gather) = TensorIndex.Apply(this, indices);
            if (gather is not null) return Call("index.Tensor", view, gather);
            return ReferenceEquals(view, this) ? alias() : view;
        }

        public Tensor index(params Tensor[] indices) => Call("index.Tensor", this, indices);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, gather) = TensorIndex.Apply(this, indices);
            if (gather is not null) Do("index_put_", view, gather, value, accumulate);
            else if (accumulate) view.add_(value);
            else view.copy_(value);
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => InPlace("index_put_", this, indices, value);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices) => index_put_(full([], value, dtype, device), indices, false);

        public Tensor index_select(long dim, Tensor index) => Call("index_select", this, dim, index);

        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) => Call("index_add", this, dim, index, source, alpha);

        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => InPlace("index_add_", this, dim, index, source, alpha);

        public Tensor index_copy_(long dim, Tensor index, Tensor source) => InPlace("index_copy_", this, dim, index, source);

        public Tensor index_fill_(long dim, Tensor index, Scalar value) => InPlace("index_fill_.int_Scalar", this, dim, index, value);

        public Tensor gather(long dim, Tensor index) => Call("gather", this, dim, index);

        public Tensor take_along_dim(Tensor indices, long dim) => Call("take_along_dim", this, indices, dim);

        public Tensor scatter(long dim, Tensor index, Tensor src) => Call("scatter.src", this, dim, index, src);

        public Tensor scatter_(long dim, Tensor index, Tensor src) => InPlace("scatter_.src", this, dim, index, src);

        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Call("scatter_add", this, dim, index, src);

        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => InPlace("scatter_add_", this, dim, index, src);

        public Tensor masked_select(Tensor mask) => Call("masked_select", this, mask);

        public Tensor nonzero() => Call("nonzero", this);

        public Tensor argwhere() => Call("argwhere", this);
    }
}
