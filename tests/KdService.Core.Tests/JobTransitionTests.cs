using KdService.Core.Jobs;

namespace KdService.Core.Tests;

public class JobTransitionTests
{
    [Fact]
    public void Table_FromEveryState_ReachesATerminalState()
    {
        foreach (var start in Enum.GetValues<JobState>())
        {
            var reached = new HashSet<JobState> { start };
            while (JobTransitions.Table.Where(entry => reached.Contains(entry.Key.From)).Any(entry => reached.Add(entry.Value)))
            {
            }
            Assert.True(reached.Any(state => state.IsTerminal()), $"{start} leads to {string.Join(", ", reached)}, none of them terminal");
        }
    }

    [Fact]
    public void Table_FromTerminalStates_AllowsOnlyRetryOfFailedAndCancelled()
    {
        var outgoing = JobTransitions.Table.Keys.Where(key => key.From.IsTerminal());
        Assert.Equal(
            [(JobState.Failed, JobTrigger.Retry), (JobState.Cancelled, JobTrigger.Retry)],
            outgoing.OrderBy(key => key.From).Select(key => (key.From, key.Trigger)));
    }

    [Fact]
    public void Table_WhileCancelling_EndsCancelledWhateverTheTrainerDoes()
    {
        var ends = JobTransitions.Table.Where(entry => entry.Key.From == JobState.Cancelling);
        Assert.All(ends, entry => Assert.Equal(JobState.Cancelled, entry.Value));
        Assert.NotEmpty(ends);
    }

    [Fact]
    public void Cancel_InEveryStateThatIsNotTerminal_IsPossibleUnlessAskedAlready()
    {
        var possible = JobTransitions.Sources(JobTrigger.Cancel);
        var expected = Enum.GetValues<JobState>().Where(state => !state.IsTerminal() && state != JobState.Cancelling);
        Assert.Equal(expected, possible);
    }

    [Fact]
    public void Advice_ForEveryFailure_SaysSomething()
    {
        Assert.All(Enum.GetValues<FailureCode>(), code => Assert.NotEmpty(FailureAdvice.For(code)));
    }
}
