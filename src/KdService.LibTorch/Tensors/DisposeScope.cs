using static TorchSharp.torch;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Begins a scope: tensors that this thread makes from now on are disposed with it, unless they are moved or detached.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.NewDisposeScope();

    /// <summary>Runs <paramref name="scoped"/> in a scope of its own; its result moves to the outer one.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> scoped)
    {
        using var scope = NewDisposeScope();
        return scoped().MoveToOuterDisposeScope();
    }
}

/// <summary>Owns tensors and disposes them with itself. Scopes nest by thread.</summary>
public sealed class DisposeScope : IDisposable
{
    // A tensor knows its place in the list, so that leaving costs the same however many there are.
    private List<Tensor>? _tensors = [];

    internal DisposeScope(DisposeScope? outer) => OuterScope = outer;

    internal DisposeScope? OuterScope { get; set; }

    /// <summary>The tensors in the scope at this moment.</summary>
    public IReadOnlyList<IDisposable> DisposablesView => Tensors.ToArray();

    /// <summary>How many tensors the scope holds.</summary>
    public int DisposablesCount => Tensors.Count;

    private List<Tensor> Tensors => _tensors ?? throw new ObjectDisposedException(nameof(DisposeScope));

    internal void Add(Tensor tensor)
    {
        tensor.OwningDisposeScope = this;
        tensor.PlaceInScope = Tensors.Count;
        Tensors.Add(tensor);
    }

    internal bool Remove(Tensor tensor)
    {
        if (!ReferenceEquals(tensor.OwningDisposeScope, this)) return false;
        var tensors = Tensors;
        var last = tensors[^1];
        tensors[tensor.PlaceInScope] = last;
        last.PlaceInScope = tensor.PlaceInScope;
        tensors.RemoveAt(tensors.Count - 1);
        tensor.OwningDisposeScope = null;
        return true;
    }

    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable where T2 : IDisposable where T3 : IDisposable =>
        (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OuterScope, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        if (Remove(TensorOf(disposable))) scope?.Add(TensorOf(disposable));
        return disposable;
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) =>
        MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) MoveToOther<IDisposable>(scope, disposable);
    }

    /// <summary>Takes a tensor out of all scopes: it lives until it is disposed, or collected.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        Remove(TensorOf(disposable));
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable =>
        (Detach(first), Detach(second));

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (var disposable in disposables) Detach<IDisposable>(disposable);
    }

    /// <summary>Takes a tensor into this scope, out of whatever scope it was in.</summary>
    public void Attach(IDisposable disposable)
    {
        var tensor = TensorOf(disposable);
        if (ReferenceEquals(tensor.OwningDisposeScope, this)) return;
        tensor.OwningDisposeScope?.Remove(tensor);
        Add(tensor);
    }

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        var all = disposables.ToList();
        foreach (var disposable in all) Attach(disposable);
        return all;
    }

    /// <summary>Disposes what the scope holds now; the scope stays in use.</summary>
    public void DisposeEverything() => DisposeEverythingBut([]);

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    /// <summary>Disposes what the scope holds now except <paramref name="inKeep"/>, which stay in it.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        var kept = inKeep.Select(TensorOf).Where(tensor => ReferenceEquals(tensor.OwningDisposeScope, this)).Distinct().ToList();
        foreach (var tensor in kept) Remove(tensor);
        var doomed = Tensors;
        _tensors = [];
        foreach (var tensor in doomed)
        {
            tensor.OwningDisposeScope = null;
            tensor.Dispose();
        }
        foreach (var tensor in kept) Add(tensor);
    }

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second) where T1 : IDisposable where T2 : IDisposable
    {
        DisposeEverythingBut([first, second]);
        return (first, second);
    }

    public void MarkAsDisposed(IDisposable disposable) => Remove(TensorOf(disposable));

    public bool Contains(IDisposable disposable) => disposable is Tensor tensor && ReferenceEquals(tensor.OwningDisposeScope, this);

    /// <summary>Ends the scope and disposes what is still in it.</summary>
    public void Dispose()
    {
        if (_tensors is null) return;
        DisposeEverything();
        DisposeScopeManager.Leave(this);
        _tensors = null;
    }

    private static Tensor TensorOf(IDisposable disposable) =>
        disposable as Tensor ?? throw new InvalidOperationException($"a dispose scope holds tensors, {disposable?.GetType().Name ?? "null"} given");
}

/// <summary>The scopes of each thread.</summary>
public static class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScope? _current;

    internal static void Register(Tensor tensor) => _current?.Add(tensor);

    internal static DisposeScope NewDisposeScope() => _current = new DisposeScope(_current);

    // Scopes may end out of order: one that is not the innermost is unlinked from the middle.
    internal static void Leave(DisposeScope scope)
    {
        if (ReferenceEquals(_current, scope))
        {
            _current = scope.OuterScope;
            return;
        }
        for (var inner = _current; inner is not null; inner = inner.OuterScope)
        {
            if (!ReferenceEquals(inner.OuterScope, scope)) continue;
            inner.OuterScope = scope.OuterScope;
            return;
        }
    }
}
