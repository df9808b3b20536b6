using static TorchSharp.torch;

namespace KdService.LibTorch.Tests;

public sealed class DisposeScopeTests
{
    [Fact]
    public void Scope_WhenItEnds_DisposesWhatItHolds()
    {
        Tensor inside;
        using (var scope = NewDisposeScope())
        {
            inside = ones(2);
            Assert.True(scope.Contains(inside));
            Assert.Equal(1, scope.DisposablesCount);
        }
        Assert.True(inside.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => inside.shape);
    }

    [Fact]
    public void MoveToOuter_FromTheInnerScope_LivesAsLongAsTheOuter()
    {
        Tensor moved;
        using (NewDisposeScope())
        {
            using (NewDisposeScope()) moved = (ones(2) + 1).MoveToOuterDisposeScope();
            Assert.False(moved.IsInvalid);
        }
        Assert.True(moved.IsInvalid);
    }

    [Fact]
    public void MoveToOuter_FromTheOutermostScope_Detaches()
    {
        Tensor moved;
        using (NewDisposeScope()) moved = ones(2).MoveToOuterDisposeScope();
        Assert.False(moved.IsInvalid);
        moved.Dispose();
    }

    [Fact]
    public void Detach_FromAllScopes_LivesOn()
    {
        Tensor detached;
        using (NewDisposeScope())
        using (NewDisposeScope())
            detached = ones(2).DetachFromDisposeScope();
        Assert.Equal(2, detached.numel());
        detached.Dispose();
    }

    [Fact]
    public void Tensors_MadeOutsideAnyScope_LiveUntilDisposedAndMayBeAttached()
    {
        var free = ones(2);
        using (NewDisposeScope())
        {
        }
        Assert.False(free.IsInvalid);
        using (var scope = NewDisposeScope()) scope.Attach(free);
        Assert.True(free.IsInvalid);
    }

    [Fact]
    public void MoveToOther_OfATensor_FollowsThatTensorsScope()
    {
        using var outer = NewDisposeScope();
        var anchor = ones(1);
        Tensor follower;
        using (NewDisposeScope()) follower = ones(1).MoveToOtherDisposeScope(anchor);
        Assert.True(outer.Contains(follower));
    }

    [Fact]
    public void DisposeEverythingBut_KeepsTheNamedInTheScope()
    {
        Tensor kept;
        using (var scope = NewDisposeScope())
        {
            var gone = ones(1);
            kept = ones(1);
            var alsoGone = ones(1);
            Assert.Same(kept, scope.DisposeEverythingBut(kept));
            Assert.True(gone.IsInvalid);
            Assert.True(alsoGone.IsInvalid);
            Assert.Equal([kept], scope.DisposablesView);
        }
        Assert.True(kept.IsInvalid);
    }

    [Fact]
    public void Scopes_EndedOutOfOrder_LeaveTheOthersInForce()
    {
        var outer = NewDisposeScope();
        var middle = NewDisposeScope();
        var inner = NewDisposeScope();
        middle.Dispose();
        var first = ones(1);
        Assert.True(inner.Contains(first));
        inner.Dispose();
        var second = ones(1);
        Assert.True(outer.Contains(second));
        outer.Dispose();
        Assert.True(second.IsInvalid);
        outer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => outer.DisposablesCount);
    }

    [Fact]
    public void ATensor_DisposedByHand_LeavesItsScope()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (ones(1), ones(1));
        a.Dispose();
        a.Dispose();
        Assert.Equal([b], scope.DisposablesView);
    }

    [Fact]
    public void AParameter_TakesTheTensorsPlaceInItsScope()
    {
        using var scope = NewDisposeScope();
        var tensor = ones(1);
        var parameter = nn.Parameter(tensor);
        Assert.True(tensor.IsInvalid);
        Assert.Equal([parameter], scope.DisposablesView);
    }

    [Fact]
    public void Scopes_OfOneThread_DoNotHoldAnothersTensors()
    {
        using var scope = NewDisposeScope();
        Tensor? other = null;
        var thread = new Thread(() => other = ones(1));
        thread.Start();
        thread.Join();
        Assert.Equal(0, scope.DisposablesCount);
        other!.Dispose();
    }
}
