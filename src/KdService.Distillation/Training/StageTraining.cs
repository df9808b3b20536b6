using System.Diagnostics;
using KdService.Core.Datasets;
using KdService.Core.Jobs;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Augmenters;
using KdService.Distillation.Data;
using KdService.Distillation.Models.Text;
using KdService.Distillation.Objectives;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Trains one stage of a plan: the loop.</summary>
internal sealed class StageTraining : IDisposable
{
    private readonly RunContext _run;
    private readonly RunState _state;
    private readonly Stage _stage;
    private readonly IReadOnlyList<Learner> _learners;
    private readonly IReadOnlyList<ITeacherSignal?> _signals;
    private readonly IAugmenter? _augmenter;

    // What a generator is to guess; null where another network is trained.
    private readonly TokenMasking? _masking;
    private readonly Evaluations _evaluations;
    private readonly EpochMeter _meter = new();
    private readonly int _stepsPerEpoch;

    /// <summary>Opens the stage that the state is at.</summary>
    /// <param name="run">The run.</param>
    /// <param name="state">How far it is; the stage moves it on.</param>
    /// <param name="teachers">Has the networks that are trained already.</param>
    /// <param name="evaluations">Compares the network with the plan's teacher.</param>
    /// <param name="resume">The checkpoint to go on from, or null.</param>
    public StageTraining(RunContext run, RunState state, Teachers teachers, Evaluations evaluations, ResumeCheckpoint? resume)
    {
        (_run, _state, _evaluations) = (run, state, evaluations);
        _stage = run.Plan.Stages[state.Stage];
        _stepsPerEpoch = run.Plan.StepsPerEpoch(_stage);
        _learners =
        [
            new Learner(run, _stage, _stage.Trains, _stage.Losses, _stage.Curriculum, teachers),
            .. _stage.Peers.Select(peer => new Learner(run, _stage, peer.Trains, peer.Losses, peer.Curriculum, teachers)),
        ];
        if (_stage.StartFrom is { } start) state.Finished[start.Stage][start.Weights].CopyTo(Student.Network);
        _signals =
        [
            OpenSignal(_stage.Trains, _stage.Losses, _stage.Curriculum, teachers),
            .. _stage.Peers.Select(peer => OpenSignal(peer.Trains, peer.Losses, peer.Curriculum, teachers)),
        ];
        _augmenter = _stage.Augmenter is { } augmenter
            ? AugmenterFactory.Create(augmenter, run, Student.Network, _signals[0] ?? throw new RunException(FailureCode.InvalidPlan, $"{_stage.Name}: an augmenter given, and no teacher"), teachers)
            : null;
        _masking = _stage.Losses is [{ Objective: MaskedTokens masked }] ? TokenMasking.Of(run.Dataset, run.Request.DataRoot, masked.MaskProbability, run.Device) : null;
        manual_seed(run.Plan.Seed + state.Stage);
        if (resume is null || state.AtStageStart) return;
        foreach (var learner in _learners) learner.Restore(resume.Learners[learner.Id]);
        _augmenter?.Restore(resume.Augmenter);
        set_rng_state(resume.Random);
        _meter.Start(resume.Sums);
    }

    private Learner Student => _learners[0];

    /// <summary>Trains to the end of the stage.</summary>
    /// <param name="checkpoints">Writes a resume checkpoint after every epoch but the last, and when one is due in between.</param>
    /// <exception cref="OperationCanceledException">The run is to stop; everything is as after the last complete step.</exception>
    /// <exception cref="RunException">The loss diverged.</exception>
    public void Train(CheckpointWriter checkpoints)
    {
        while (true)
        {
            TrainEpoch(checkpoints);
            EndEpoch();
            if (_state.Epoch == _stage.Epochs) break;
            checkpoints.Write(this);
        }
    }

    /// <summary>The student's weights at work.</summary>
    public Snapshot Weights() => Snapshot.Of(Student.Network);

    /// <summary>All networks at work, by id; the caller releases their weights, the rest is their own.</summary>
    public Dictionary<string, LearnerState> LearnerStates() => _learners.ToDictionary(learner => learner.Id, learner => learner.State());

    /// <summary>What the augmenter remembers; the tensors are its own.</summary>
    public IReadOnlyDictionary<string, Tensor> AugmenterState => _augmenter?.State ?? new Dictionary<string, Tensor>();

    /// <summary>Notes in the state what the teacher's signal has cost so far.</summary>
    public void RecordSignalCost()
    {
        if (_signals[0] is { } signal) _state.Signals[_stage.Name] = signal.Cost;
    }

    /// <summary>Running sums of the epoch at work, to the last step done.</summary>
    /// <exception cref="RunException">The loss diverged.</exception>
    public EpochSums ReadSums()
    {
        _meter.Read();
        return _meter.Sums;
    }

    private void TrainEpoch(CheckpointWriter checkpoints)
    {
        var (train, batchSize) = (_run.Data.Train, _stage.BatchSize);
        var showing = Showing.At(_run.Plan, _stage, _state.Epoch);
        var firstShowing = !Showing.All(_run.Plan, _stage).Take(_state.Epoch).Contains(showing);
        foreach (var signal in _signals) signal?.Prepare(_state.Epoch, showing, firstShowing);
        var order = train.Order(_run.Plan.Seed, _state.Stage, _state.Epoch, batchSize);
        foreach (var learner in _learners) learner.Network.train();
        while (_state.StepOfEpoch < _stepsPerEpoch)
        {
            _run.Stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var began = Stopwatch.GetTimestamp();
            var batch = order.AsSpan(_state.StepOfEpoch * batchSize, Math.Min(batchSize, order.Length - _state.StepOfEpoch * batchSize));
            var inputs = train.Load(batch, showing.View);
            _state.Step++;
            if (_augmenter is not null && _augmenter.Claims((long)_state.Epoch * _stepsPerEpoch + _state.StepOfEpoch)) _augmenter.Train(inputs);
            else Train(batch, inputs);
            _state.StepOfEpoch++;
            _run.Progress.Position = (_stage, _state.Epoch, _state.Step);
            _run.Progress.Trained(WorkItems.Steps(_stage), batch.Length, Stopwatch.GetElapsedTime(began).TotalSeconds);
            // The last step's values come with those of the epoch, and the checkpoint after them.
            if (_state.StepOfEpoch == _stepsPerEpoch) break;
            if (_state.StepOfEpoch % EpochMeter.Window == 0)
            {
                Emit(LossAndRate());
                // Steps leave some kilobytes behind, which the runtime would let grow to hundreds of megabytes before it looked.
                GC.Collect(0);
            }
            checkpoints.WriteIfDue(this);
        }
    }

    // A step of every network.
    private void Train(ReadOnlySpan<int> batch, Tensor inputs)
    {
        var labels = _run.Data.Train.Batches.Labels(batch);
        Tensor? hidden = null;
        if (_masking is not null)
        {
            hidden = _masking.Draw(inputs);
            (inputs, labels) = (_masking.Hide(inputs, hidden), inputs.select(1, 0)[hidden]);
        }
        foreach (var learner in _learners) learner.See(inputs, hidden);
        var logits = Student.Logits;
        var loss = Learn(batch, inputs, labels);
        foreach (var learner in _learners) learner.Step(LearningRate(_state.StepOfEpoch));
        _meter.Add(_state.Step, loss, logits, labels);
    }

    // Gradients of every network; returns the student's loss.
    private Tensor Learn(ReadOnlySpan<int> batch, Tensor inputs, Tensor labels)
    {
        var samples = _run.Data.Train.Rows(batch, _run.Device);
        var padding = _run.Plan.Dataset.Shape.Kind == InputKind.Text ? inputs.select(1, 0).lt(0) : null;
        Tensor? ofStudent = null;
        for (var i = 0; i < _learners.Count; i++)
        {
            var curriculum = i == 0 ? _stage.Curriculum : _stage.Peers[i - 1].Curriculum;
            var factor = curriculum?.LogitFactor(_state.Epoch, _stage.Epochs) ?? 1;
            var answer = _signals[i]?.Answer(batch, inputs) ?? default;
            var given = new TrainingBatch
            {
                Logits = _learners[i].Logits,
                Labels = labels,
                TeacherLogits = answer.Logits?.mul(factor),
                LogitFactor = factor,
                TeacherFeatures = answer.Features ?? TeacherAnswer.NoFeatures,
                Samples = samples,
                Padding = padding,
                Epoch = _state.Epoch,
            };
            var loss = _learners[i].Learn(_run.Plan.Dataset.Shape.Target == Target.Span ? given.AsRows() : given);
            ofStudent ??= loss;
        }
        if (_augmenter is null) return ofStudent!;
        return ofStudent!.detach() + _augmenter.Learn(inputs, samples, _state.Epoch, _stage.Curriculum!.LogitFactor(_state.Epoch, _stage.Epochs));
    }

    private ITeacherSignal? OpenSignal(string trains, IReadOnlyList<LossTerm> losses, Curriculum? curriculum, Teachers teachers) => curriculum is null
        ? null
        : TeacherSignals.Open(_run, _state, curriculum, [.. Learner.Taps(_run.Plan, trains, losses, curriculum).Select(pair => pair.Teacher).Distinct()], teachers, _learners);

    private double LearningRate(int stepOfEpoch) => _stage.Optimizer.LearningRate
        * _stage.Schedule.Factor((long)_state.Epoch * _stepsPerEpoch + stepOfEpoch, _stepsPerEpoch, _stage.Epochs);

    private void EndEpoch()
    {
        // A diverged loss is to be found here, not as a senseless evaluation; the sums stay as they are for a checkpoint in its midst.
        _meter.Read();
        var epoch = _state.Epoch + 1;
        var result = epoch % _run.Plan.Evaluation.EveryEpochs == 0 || epoch == _stage.Epochs ? Evaluate() : null;
        var values = LossAndRate();
        // None where every batch was the augmenter's.
        if (_meter.Sums.Samples > 0) values["train/epoch_loss"] = _meter.Sums.Loss / _meter.Sums.Samples;
        if (_meter.Sums.Samples > 0 && _run.Plan.Dataset.Shape.Target == Target.Class) values["train/accuracy"] = (double)_meter.Sums.Hits / _meter.Sums.Samples;
        if (result is not null)
        {
            // A generator guesses words: its accuracy is none of the task, and gets into no series that is.
            var split = _masking is null ? "selection" : "hidden_tokens";
            foreach (var (name, value) in result.Series) values[$"{split}/{name}"] = value;
            if (_stage.Trains == _run.Plan.Result) values[SelectionScore.SeriesOf(result.Metric)] = result.Score;
            if (_state.Best is null || result.Score > _state.Best.Result.Score)
            {
                _state.Best?.Dispose();
                _state.Best = new BestEpoch(Weights(), epoch, result);
            }
        }
        Emit(values);
        if (_run.Plan.CheckpointEveryEpochs is { } every && (epoch % every == 0 || epoch == _stage.Epochs) && _stage.Trains == _run.Plan.Result) KeepEpoch(epoch, result?.Score);
        (_state.Epoch, _state.StepOfEpoch) = (epoch, 0);
        _meter.Start();
    }

    private EvaluationResult Evaluate()
    {
        if (_masking is not null) return _evaluations.OfWords(_stage.Trains, (MaskedLanguageModel)Student.Network, _masking, _run.Data.Selection);
        var (result, logits) = _evaluations.Of(_stage.Trains, Student.Network, _run.Data.Selection);
        logits.Dispose();
        return result;
    }

    // The mean loss since the last point of the series, and the rate of the last step.
    private Dictionary<string, double> LossAndRate()
    {
        _meter.Read();
        var values = new Dictionary<string, double>(_augmenter?.TakeSeries() ?? new Dictionary<string, double>()) { ["train/learning_rate"] = LearningRate(_state.StepOfEpoch - 1) };
        if (_meter.TakeWindow() is { } loss) values["train/loss"] = loss;
        return values;
    }

    private void Emit(Dictionary<string, double> values) =>
        _run.Emit(new MetricsMeasured { Stage = _stage.Name, Epoch = _state.Epoch + 1, Step = _state.Step, Values = values });

    private void KeepEpoch(int epoch, double? score)
    {
        var file = FormattableString.Invariant($"{_stage.Trains}.{_stage.Name}.epoch-{epoch:D4}.safetensors");
        using var weights = Weights();
        weights.Write(Path.Combine(_run.Folder, file), Artifacts.Metadata(_run.Plan, _stage.Trains, _stage, epoch));
        _run.Emit(new CheckpointWritten
        {
            Kind = CheckpointKind.Epoch,
            Path = file,
            Stage = _stage.Name,
            Model = _stage.Trains,
            Epoch = epoch,
            Step = _state.Step,
            Accuracy = score,
        });
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var signal in _signals) signal?.Dispose();
        _augmenter?.Dispose();
        _masking?.Dispose();
        _meter.Dispose();
        foreach (var learner in _learners) learner.Dispose();
    }
}
