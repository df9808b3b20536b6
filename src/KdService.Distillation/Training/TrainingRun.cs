using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Diagnosis;
using KdService.Distillation.Evaluation;
using KdService.Distillation.Evaluation.Robustness;
using KdService.Distillation.Models;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Weights;
using KdService.Text.Metrics;
using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Executes a plan: trains its stages in order, goes on from a resume checkpoint, and hands over weights and a report.</summary>
public sealed class TrainingRun : IDisposable
{
    private readonly RunContext _run;
    private readonly RunState _state;
    private readonly CheckpointWriter _checkpoints;
    private ResumeCheckpoint? _resume;
    private StageTraining? _atWork;

    private TrainingRun(RunContext run, ResumeCheckpoint? resume)
    {
        (_run, _resume, _state) = (run, resume, resume?.State ?? new RunState());
        _checkpoints = new CheckpointWriter(run, _state, resume?.Seconds ?? 0);
    }

    private Plan Plan => _run.Plan;

    /// <summary>Steps of the plan that are done.</summary>
    public long Step => _state.Step;

    /// <summary>Reads the data and the checkpoint to go on from, and says that the run has started.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="folder">The work folder.</param>
    /// <param name="environment">What the process runs on.</param>
    /// <param name="emit">Takes the run's events, in order, on the calling thread.</param>
    /// <param name="log">The log.</param>
    /// <param name="stop">Asks the run to write a resume checkpoint and return.</param>
    /// <exception cref="RunException">The data or the checkpoint are not what they should be.</exception>
    public static TrainingRun Open(RunRequest request, string folder, TrainerEnvironment environment, Action<TrainerEvent> emit, ILogger log, CancellationToken stop)
    {
        var plan = request.Plan;
        var device = new Device(request.Device);
        var resume = request.Resume is { } path ? ResumeCheckpoint.Read(Path.Combine(folder, path), plan) : null;
        emit(new RunStarted { Environment = environment, ResumedAtStep = resume?.State.StepsTold(plan with { CountedTrainSamples = resume.TrainSamples }) });
        var data = new TrainingData(plan, RunContext.Locate(request, folder), request.DataRoot, device);
        if (resume?.TrainSamples is { } before && before != data.Train.Count)
            throw new RunException(FailureCode.DataCorrupt, $"dataset: {data.Train.Count} training samples found; there were {before} when the checkpoint was written");
        plan = plan with { CountedTrainSamples = data.Train.Count };
        foreach (var words in data.LeftOut) log.LogWarning("{LeftOut}", words);
        var run = new RunContext
        {
            Request = request with { Plan = plan },
            Folder = folder,
            Environment = environment,
            Device = device,
            Precision = plan.Precision.On(device),
            Data = data,
            Progress = new ProgressReporter(plan, emit),
            Emit = emit,
            Log = log,
            Stop = stop,
        };
        if (run.Precision != plan.Precision) log.LogWarning("precision: {Asked} asked for; {Device} is not made for it and multiplies in {Given}", plan.Precision, request.Device, run.Precision);
        if (request.DiagnosisOnly) WorkItems.PlanDiagnosis(run.Progress.Ledger, plan, data.Train.Count);
        else WorkItems.PlanAll(run.Progress.Ledger, plan, data);
        if (resume is not null) run.Progress.Ledger.Restore(resume.Work);
        return new TrainingRun(run, resume);
    }

    /// <summary>Runs the attempt to its end, or until it is asked to stop.</summary>
    /// <returns>True when the plan is done; false when the run stopped on request, its resume checkpoint written.</returns>
    /// <exception cref="RunException">The run cannot go on.</exception>
    public bool Execute()
    {
        using var teachers = new Teachers(_run, _state);
        using var evaluations = new Evaluations(_run, teachers.Main);
        try
        {
            if (_run.Request.DiagnosisOnly)
            {
                DiagnoseFinished(teachers);
                return true;
            }
            while (_state.Stage < Plan.Stages.Count) TrainStage(teachers, evaluations);
            Finish(teachers, evaluations);
            return true;
        }
        // Thrown between steps, within teacher passes and within evaluations, none of which leaves anything half done.
        catch (OperationCanceledException) when (_run.Stop.IsCancellationRequested)
        {
            // A diagnosis takes seconds and starts anew.
            if (!_run.Request.DiagnosisOnly)
            {
                _run.Log.LogInformation("a checkpoint of step {Step}, then the end", _state.Step);
                _checkpoints.Write(_atWork);
            }
            _run.Emit(new RunStopped { Step = _state.StepsTold(Plan) });
            return false;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _atWork?.Dispose();
        _resume?.Dispose();
        _state.Dispose();
    }

    private void TrainStage(Teachers teachers, Evaluations evaluations)
    {
        var stage = Plan.Stages[_state.Stage];
        _run.Emit(new StageStarted
        {
            Stage = stage.Name,
            Index = _state.Stage,
            Epochs = stage.Epochs,
            StepsPerEpoch = Plan.StepsPerEpoch(stage),
            TeacherSignal = stage.Curriculum is null ? null : TeacherSignals.Describe(Plan, stage),
        });
        _run.Progress.Position = (stage, _state.Epoch, _state.Step);
        _atWork = new StageTraining(_run, _state, teachers, evaluations, _resume);
        _resume?.Dispose();
        _resume = null;
        _atWork.Train(_checkpoints);
        _atWork.RecordSignalCost();
        _state.FinishStage(Plan, _atWork.Weights());
        _atWork.Dispose();
        _atWork = null;
        _checkpoints.Write(null);
    }

    private void Finish(Teachers teachers, Evaluations evaluations)
    {
        var artifacts = new Artifacts(_run);
        var models = new List<ModelReport>();
        if (Plan.Teacher is { } teacher) models.Add(Describe(teacher, evaluations.OfTeacher(_run.Data.Test)!) with { Latency = Plan.Evaluation.Latency ? Latency.Of(_run, teacher) : [] });
        // The job's own network comes last.
        foreach (var model in Plan.Models.Where(model => Plan.Stages.Any(stage => stage.Trains == model.Id)).OrderBy(model => model.Id == Plan.Result))
        {
            var stage = Plan.Stages.Last(stage => stage.Trains == model.Id);
            var trained = _state.Trained(Plan, model.Id);
            using var scope = NewDisposeScope();
            var (best, bestLogits) = Test(model, trained.Best.Weights, evaluations);
            var lastIsBest = trained.Best.Epoch == stage.Epochs;
            if (lastIsBest) _run.Progress.Ledger.Skip(WorkItems.Evaluation(model.Id), _run.Data.Test.Count);
            var (last, lastLogits) = lastIsBest ? (best, bestLogits) : Test(model, trained.Last, evaluations);
            models.Add(Describe(model, best) with
            {
                BestEpoch = trained.Best.Epoch,
                Last = last,
                BestOnSelection = Plan.Evaluation.Protocol == Protocol.Paper ? null : trained.Best.Result,
                Latency = Plan.Evaluation.Latency && model.Role != ModelRole.Generator ? Latency.Of(_run, model) : [],
                Robustness = model.Id == Plan.Result ? TestRobustness(model, trained.Best.Weights, evaluations) : null,
            });
            if (model.Id == Plan.Result) WriteAnswers(bestLogits, lastLogits, artifacts);
            if (model.Id == Plan.Result && _run.Data.Submission.Count > 0) WriteSubmission(model, trained.Best.Weights, artifacts);
            artifacts.WriteWeights(model.Id, stage, trained);
            if (model.Id == Plan.Result && Plan.Dataset is TextDataset) artifacts.WriteFolder(model, trained.Best.Weights);
        }
        var report = Report(models, [.. Plan.Stages.Where(stage => stage.Curriculum is not null)
            .Select(stage => TeacherSignals.Report(Plan, stage, _state.Signals.GetValueOrDefault(stage.Name)))]);
        if (Plan.Diagnosis) Diagnose(teachers.Main!, _state.Trained(Plan, Plan.Result).Best.Weights.CopyTo, artifacts);
        artifacts.WriteJson(Artifacts.Report, report);
        _run.Emit(new RunFinished { Report = report });
    }

    private void DiagnoseFinished(Teachers teachers)
    {
        var last = Plan.Stages[^1];
        _run.Progress.Position = (last, last.Epochs, Plan.TotalSteps);
        var weights = _run.Request.Inputs.GetValueOrDefault(Plan.Result)
            ?? throw new RunException(FailureCode.InvalidPlan, $"inputs: no {Plan.Result} given; a diagnosis needs the weights of the finished student");
        var teacher = teachers.Main ?? throw new RunException(FailureCode.InvalidPlan, "models: no teacher given; a diagnosis is about its signal");
        Diagnose(teacher, network => WeightsFile.Load(network, Path.Combine(_run.Folder, weights)), new Artifacts(_run));
        _run.Emit(new RunFinished { Report = Report([], []) });
    }

    private RunReport Report(IReadOnlyList<ModelReport> models, IReadOnlyList<SignalReport> signals) => new()
    {
        Protocol = Plan.Evaluation.Protocol,
        Models = models,
        TeacherSignals = signals,
        Environment = _run.Environment,
        Precision = _run.Precision,
        Steps = _state.Step,
        Seconds = _checkpoints.Seconds,
        PeakMemoryBytes = PeakMemory(),
    };

    // What the job's network says of the test samples.
    private void WriteAnswers(Tensor best, Tensor last, Artifacts artifacts)
    {
        if (_run.Data.Test.Set is SpanSet spans)
        {
            var answers = SpanEvaluator.Answers(spans, best);
            artifacts.WriteJson(Predictions.AnswersName, SquadSubmission.Answers(answers));
            artifacts.WriteJson(Predictions.CandidatesName, SquadSubmission.Candidates(answers));
            if (spans.Dataset.Version == SquadVersion.V2) artifacts.WriteJson(Predictions.NullOddsName, SquadSubmission.NullDifferences(answers));
            return;
        }
        if (_run.Data.Test.Values is { } values) artifacts.WriteJson(PredictedValues.FileName, new PredictedValues { Values = values, Best = best.data<float>().ToArray(), Last = last.data<float>().ToArray() });
        else artifacts.WriteJson(Predictions.FileName, new Predictions { Labels = _run.Data.Test.Labels, Best = Top(best), Last = Top(last) });
    }

    // One of the plan's networks with weights that the run has made, for a last look; the caller's.
    private nn.Module<Tensor, Tensor> Finished(ModelPlan model, Snapshot weights)
    {
        var network = _run.Build(model).to(_run.Device);
        weights.CopyTo(network);
        return network;
    }

    // What it says of test parts whose labels are hidden.
    private void WriteSubmission(ModelPlan model, Snapshot weights, Artifacts artifacts)
    {
        using var scope = NewDisposeScope();
        using var network = Finished(model, weights);
        foreach (var part in _run.Data.Submission)
        {
            var item = WorkItems.Submission(part);
            var logits = Evaluations.Logits(_run, network, part.Samples, (count, seconds) => _run.Progress.Worked(item, count, seconds, item));
            artifacts.WriteTable(GlueSubmission.FileName(part.Source), part.Source.Labels is null
                ? GlueSubmission.Of(part.Ids, [.. logits.data<float>().Select(value => (double)value)])
                : GlueSubmission.Of(part.Source, part.Ids, Top(logits)));
        }
    }

    private static int[] Top(Tensor logits) => [.. logits.argmax(1).data<long>().Select(label => (int)label)];

    private (EvaluationResult Result, Tensor Logits) Test(ModelPlan model, Snapshot weights, Evaluations evaluations)
    {
        using var scope = NewDisposeScope();
        using var network = Finished(model, weights);
        if (network is MaskedLanguageModel generator)
        {
            var learnt = (MaskedTokens)Plan.Stages.Last(stage => stage.Trains == model.Id).Losses[0].Objective;
            using var masking = TokenMasking.Of(_run.Dataset, _run.Request.DataRoot, learnt.MaskProbability, _run.Device);
            return (evaluations.OfWords(model.Id, generator, masking, _run.Data.Test), zeros(0).MoveToOuterDisposeScope());
        }
        var (result, logits) = evaluations.Of(model.Id, network, _run.Data.Test);
        return (result, logits.MoveToOuterDisposeScope());
    }

    private RobustnessReport? TestRobustness(ModelPlan model, Snapshot weights, Evaluations evaluations)
    {
        if (Plan.Evaluation is { Attacks: [], Corruptions: null } && _run.Data.AlsoOn is []) return null;
        using var scope = NewDisposeScope();
        using var network = Finished(model, weights);
        return new RobustnessEvaluation(_run, network, evaluations).Report();
    }

    private void Diagnose(TeacherNetwork teacher, Action<nn.Module<Tensor, Tensor>> load, Artifacts artifacts)
    {
        using var scope = NewDisposeScope();
        var model = Plan.Model(Plan.Result);
        using var network = _run.Build(model).to(_run.Device);
        load(network);
        using var student = new TeacherNetwork(model.Id, network, "");
        var samples = _run.Data.Train;
        var teacherLogits = new TeacherLogits(_run, teacher).Of(samples, view: null, WorkItems.Reference, planned: true).cpu();
        var studentLogits = Evaluations.Logits(_run, network, samples, (count, seconds) =>
            _run.Progress.Worked(WorkItems.Evaluation(model.Id), count, seconds, $"logits of {model.Id}"));
        var loss = Plan.Stages.SelectMany(stage => stage.Losses).Select(term => term.Objective).OfType<SoftTargets>().FirstOrDefault() ?? new SoftTargets();
        var labels = tensor(samples.Labels.Select(label => (long)label).ToArray());
        var diagnosis = TeacherDiagnosis.Of(teacherLogits, studentLogits, labels, Classifier(teacher), Classifier(student), loss);
        artifacts.WriteJson(DiagnosisReport.FileName, diagnosis);
        artifacts.WriteSvg(DiagnosisReport.ChartName, DiagnosisChart.Svg(diagnosis));

        static Tensor Classifier(TeacherNetwork network) => network.Classifier
            ?? throw new RunException(FailureCode.InvalidPlan, $"diagnosis: {network.Id} has no linear layer whose rows stand for classes");
    }

    private static ModelReport Describe(ModelPlan model, EvaluationResult best) => new()
    {
        Id = model.Id,
        Role = model.Role,
        Architecture = model.Architecture,
        Parameters = model.Parameters,
        Best = best,
    };

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
