using KdService.Core.Plans;
using KdService.Core.Schema;
using KdService.Core.Specs;

namespace KdService.Core.Methods;

/// <summary>
/// A way to train the student. A method is one record: its properties are its options, and it compiles a spec into stages.
/// A new one is found by its <see cref="MethodAttribute"/>; nothing else needs to know it.
/// </summary>
[Union("name")]
public abstract record Method
{
    /// <summary>Whether the method needs a teacher.</summary>
    public virtual bool NeedsTeacher => true;

    /// <summary>Whether the method is for texts and nothing else.</summary>
    public bool TextsOnly => Union.Case(GetType()) is MethodAttribute { TextsOnly: true };

    /// <summary>Notes what the options' ranges cannot say: conditions on the rest of the spec.</summary>
    public virtual void Validate(JobSpec spec, ProblemList problems)
    {
    }

    /// <summary>Adds the stages (and any assistants) of this method to a plan.</summary>
    public abstract void Compile(PlanBuilder plan);

    /// <summary>The method's name in specs.</summary>
    public string Name => Union.Case(GetType()).Name;
}

/// <summary>Names a method and where it comes from.</summary>
public sealed class MethodAttribute(string name, string title, string summary) : CaseAttribute(name, summary)
{
    /// <summary>The name people use, e.g. <c>Annealing-KD</c>.</summary>
    public string Title { get; } = title;

    /// <summary>The paper, or null.</summary>
    public string? Paper { get; init; }

    /// <summary>Which of the paper's details were read in a source and which were not.</summary>
    public string? Evidence { get; init; }

    /// <summary>Whether it is for texts and nothing else.</summary>
    public bool TextsOnly { get; init; }
}
