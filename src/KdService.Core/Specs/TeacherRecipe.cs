using System.Security.Cryptography;
using System.Text;
using KdService.Core.Datasets;
using KdService.Core.Methods;
using KdService.Core.Schema;

namespace KdService.Core.Specs;

/// <summary>A teacher given as a recipe is a job of its own; equal recipes are one job.</summary>
public static class TeacherRecipe
{
    /// <summary>Raised whenever a change of the code changes what a recipe yields; part of every digest.</summary>
    public const int CodeVersion = 4;

    /// <summary>The job that trains a spec's teacher.</summary>
    /// <exception cref="ArgumentException">The spec's teacher is not a recipe.</exception>
    public static JobSpec JobFor(JobSpec spec)
    {
        if (spec.Teacher?.Model is not { } model) throw new ArgumentException("the spec's teacher is not a recipe", nameof(spec));
        var training = spec.Teacher.Training ?? spec.Training;
        return new JobSpec
        {
            Name = $"teacher {model}",
            Queue = spec.Queue,
            Seed = spec.Teacher.Seed ?? 0,
            Dataset = spec.Dataset,
            // Random is what it is without a word of it: one recipe.
            Student = new StudentSpec { Model = model, Init = spec.Teacher.Init as ImportedWeights },
            Method = new None(),
            Training = training,
            // What the student's report wants to know of its own network is no reason to train another teacher.
            Evaluation = spec.Evaluation.OfOthers,
            CheckpointEveryEpochs = Math.Max(1, training.Epochs / spec.Teacher.Checkpoints),
            Resources = spec.Resources,
        };
    }

    /// <summary>What is known of the teacher before it is trained.</summary>
    /// <exception cref="ArgumentException">The spec's teacher is not a recipe.</exception>
    public static TeacherFacts FactsFor(JobSpec spec)
    {
        var job = JobFor(spec);
        var (epochs, every) = (job.Training.Epochs, job.CheckpointEveryEpochs!.Value);
        return new TeacherFacts(job.Student.Model, [.. Enumerable.Range(1, epochs).Where(epoch => epoch % every == 0 || epoch == epochs)]);
    }

    /// <summary>
    /// Digest of what decides a job's outcome (data, networks, method, training, evaluation, seed, code version), in lower-case
    /// hexadecimal. Names, labels, queue and resources do not matter.
    /// </summary>
    public static string Digest(JobSpec spec)
    {
        var outcome = spec with { Name = null, Labels = [], Queue = "", Resources = new() };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{CodeVersion}\n{Json.Write(outcome)}")));
    }
}

/// <summary>What a plan needs to know of its teacher.</summary>
/// <param name="Architecture">Its network.</param>
/// <param name="Checkpoints">Epochs of its training whose checkpoints there are, rising.</param>
public sealed record TeacherFacts(string Architecture, IReadOnlyList<int> Checkpoints)
{
    /// <summary>The vocabulary of an imported model that it was trained with; null without one.</summary>
    public ImportedVocabulary? Vocabulary { get; init; }
}
