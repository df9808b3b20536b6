using KdService.Distillation.Training;

namespace KdService.Distillation.Tests.Training;

public sealed class WorkLedgerTests
{
    [Fact]
    public void SecondsLeft_WithAMeasuredAndAnUnmeasuredItem_UsesEachItemsOwnPace()
    {
        var ledger = new WorkLedger();
        ledger.Plan("steps", samples: 100, cost: 3);
        ledger.Plan("evaluation", samples: 50, cost: 1);
        Assert.Null(ledger.SecondsLeft);
        ledger.Done("steps", samples: 40, seconds: 12);
        // 60 samples at 0.3 s, and 50 of a third of the cost at 0.1 s.
        Assert.Equal(18 + 5, ledger.SecondsLeft!.Value, 1e-9);
        Assert.Equal(120.0 / 350, ledger.Fraction, 1e-9);
        ledger.Done("evaluation", samples: 10, seconds: 2);
        Assert.Equal(18 + 8, ledger.SecondsLeft!.Value, 1e-9);
    }

    [Fact]
    public void Fraction_WhenWorkProvesDoneAlready_RisesAndEndsAtOne()
    {
        var ledger = new WorkLedger();
        ledger.Plan("teacher", samples: 100, cost: 10);
        ledger.Plan("steps", samples: 100, cost: 1);
        ledger.Done("steps", samples: 50, seconds: 1);
        var before = ledger.Fraction;
        ledger.Skip("teacher", samples: 100);
        Assert.True(ledger.Fraction > before);
        ledger.Done("steps", samples: 50, seconds: 1);
        Assert.Equal((1, 0), (ledger.Fraction, ledger.SecondsLeft!.Value));
    }

    [Fact]
    public void Items_RestoredIntoAFreshPlan_GoOnWhereTheyWere()
    {
        WorkLedger Planned()
        {
            var ledger = new WorkLedger();
            ledger.Plan("steps", samples: 100, cost: 1);
            return ledger;
        }
        var (first, second) = (Planned(), Planned());
        first.Done("steps", samples: 30, seconds: 3);
        second.Restore(first.Items);
        Assert.Equal((first.Fraction, first.SecondsLeft), (second.Fraction, second.SecondsLeft));
    }
}
