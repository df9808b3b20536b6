using System.Diagnostics;
using KdService.Core.Plans;
using KdService.Core.Runs;
using KdService.Distillation.Data;
using KdService.Distillation.Models;
using KdService.Distillation.Objectives;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdService.Distillation.Training;

/// <summary>Trains one stage of a plan: the loop.</summary>
internal sealed class StageTraining : IDisposable
{
    private readonly RunContext _run;
    private readonly RunState _state;
    private readonly Stage _stage;
    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly OptimizerHelper _optimizer;
    private readonly IObjective _objective;
    private readonly ITeacherSignal? _signal;
    private readonly Evaluations _evaluations;
    private readonly EpochMeter _meter = new();
    private readonly int _stepsPerEpoch;
    private readonly int _epochsBefore;

    /// <summary>Opens the stage that the state is at.</summary>
    /// <param name="run">The run.</param>
    /// <param name="state">How far it is; the stage moves it on.</param>
    /// <param name="teacher">The network of the stage's curriculum; null without one.</param>
    /// <param name="evaluations">Compares the network with the plan's teacher.</param>
    /// <param name="resume">The checkpoint to go on from, or null.</param>
    public StageTraining(RunContext run, RunState state, TeacherNetwork? teacher, Evaluations evaluations, ResumeCheckpoint? resume)
    {
        (_run, _state, _evaluations) = (run, state, evaluations);
        _stage = run.Plan.Stages[state.Stage];
        _stepsPerEpoch = run.Plan.StepsPerEpoch(_stage);
        _epochsBefore = run.Plan.Stages.Take(state.Stage).Sum(stage => stage.Epochs);
        var model = run.Plan.Model(_stage.Trains);
        _network = Networks.Build(model.Architecture, run.Plan.Dataset.Classes, model.Seed).to(run.Device);
        (resume?.Network ?? StartWeights())?.CopyTo(_network);
        _optimizer = Optimizers.Create(_stage.Optimizer, _network.parameters());
        _objective = ObjectiveFactory.Create(_stage.Objective);
        _signal = teacher is null ? null : TeacherSignals.Open(run, _stage, teacher, state.Signals.GetValueOrDefault(_stage.Name));
        manual_seed(run.Plan.Seed + state.Stage);
        if (resume?.Optimizer is not { } saved) return;
        Optimizers.Restore(_optimizer, saved);
        set_rng_state(resume.Random);
        _meter.Start(resume.Sums);
    }

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

    /// <summary>The weights at work.</summary>
    public Snapshot Weights() => Snapshot.Of(_network);

    /// <summary>State of the optimiser at work, by name; the tensors are the optimiser's own.</summary>
    public IReadOnlyDictionary<string, Tensor> OptimizerState() => Optimizers.State(_optimizer);

    /// <summary>Notes in the state what the teacher's signal has cost so far.</summary>
    public void RecordSignalCost()
    {
        if (_signal is not null) _state.Signals[_stage.Name] = _signal.Cost;
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
        var view = _run.Data.View(_state.Epoch, _epochsBefore);
        _signal?.Prepare(view, firstShowing: view is null ? _state.Epoch == 0 : view == _state.Epoch);
        var order = BatchOrder.Of(_run.Plan.Seed, _state.Stage, _state.Epoch, train.Indices);
        var logitFactor = _stage.Curriculum?.LogitFactor(_state.Epoch, _stage.Epochs) ?? 1;
        _network.train();
        while (_state.StepOfEpoch < _stepsPerEpoch)
        {
            _run.Stop.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var began = Stopwatch.GetTimestamp();
            var batch = order.AsSpan(_state.StepOfEpoch * batchSize, Math.Min(batchSize, order.Length - _state.StepOfEpoch * batchSize));
            foreach (var group in _optimizer.ParamGroups) group.LearningRate = LearningRate(_state.StepOfEpoch);

            var images = train.Load(batch, view);
            var labels = train.Images.Labels(batch);
            var logits = _network.call(images);
            var loss = _objective.Loss(logits, labels, _signal?.Logits(batch, images).mul(logitFactor));
            _optimizer.zero_grad();
            loss.backward();
            _optimizer.step();

            _state.StepOfEpoch++;
            _meter.Add(++_state.Step, loss, logits, labels);
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

    private double LearningRate(int stepOfEpoch) => _stage.Optimizer.LearningRate
        * _stage.Schedule.Factor((long)_state.Epoch * _stepsPerEpoch + stepOfEpoch, _stepsPerEpoch, _stage.Epochs);

    private void EndEpoch()
    {
        // A diverged loss is to be found here, not as a senseless evaluation; the sums stay as they are for a checkpoint in its midst.
        _meter.Read();
        var epoch = _state.Epoch + 1;
        var result = epoch % _run.Plan.Evaluation.EveryEpochs == 0 || epoch == _stage.Epochs ? _evaluations.Of(_stage.Trains, _network, _run.Data.Selection) : null;
        var values = LossAndRate();
        values["train/epoch_loss"] = _meter.Sums.Loss / _meter.Sums.Samples;
        values["train/accuracy"] = (double)_meter.Sums.Hits / _meter.Sums.Samples;
        if (result is not null)
        {
            values["selection/accuracy"] = result.Accuracy;
            values["selection/nll"] = result.Nll;
            if (result.Agreement is { } agreement) values["selection/agreement"] = agreement;
            if (_state.Best is null || result.Accuracy > _state.Best.Result.Accuracy)
            {
                _state.Best?.Dispose();
                _state.Best = new BestEpoch(Weights(), epoch, result);
            }
        }
        Emit(values);
        if (_run.Plan.CheckpointEveryEpochs is { } every && epoch % every == 0 && _stage.Trains == _run.Plan.Result) KeepEpoch(epoch, result?.Accuracy);
        (_state.Epoch, _state.StepOfEpoch) = (epoch, 0);
        _meter.Start();
    }

    // The mean loss since the last point of the series, and the rate of the last step.
    private Dictionary<string, double> LossAndRate()
    {
        _meter.Read();
        return new Dictionary<string, double> { ["train/loss"] = _meter.TakeWindow(), ["train/learning_rate"] = LearningRate(_state.StepOfEpoch - 1) };
    }

    private void Emit(Dictionary<string, double> values) =>
        _run.Emit(new MetricsMeasured { Stage = _stage.Name, Epoch = _state.Epoch + 1, Step = _state.Step, Values = values });

    private void KeepEpoch(int epoch, double? accuracy)
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
            Accuracy = accuracy,
        });
    }

    private Snapshot? StartWeights()
    {
        if (_stage.StartFrom is not { } start) return null;
        return _state.Finished[start.Stage][start.Weights];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _signal?.Dispose();
        _meter.Dispose();
        _optimizer.Dispose();
        _network.Dispose();
    }
}
