namespace KdService.Jobs.Tests.Support;

/// <summary>
/// A trainer that speaks the real protocol and trains nothing: a shell script. Its "checkpoint" holds the step, its "weights" the
/// job's id. Every run leaves a line in <see cref="Runs"/> at its beginning and at its end.
/// </summary>
internal sealed class ScriptedTrainer
{
    private readonly string _path;
    private readonly string _runs;

    /// <param name="folder">Where the script lies.</param>
    /// <param name="body">What it does; see the functions below.</param>
    public ScriptedTrainer(TestFolder folder, string body)
    {
        _path = folder["trainer.sh"];
        _runs = folder["runs"];
        Gate = folder["gate"];
        Write(body);
    }

    public string Path => _path;

    /// <summary>A file; the function <c>wait_gate</c> waits until it exists.</summary>
    public string Gate { get; }

    /// <summary>Lines <c>start|end job attempt</c> in the order in which they happened.</summary>
    public IReadOnlyList<(string What, string Job, int Attempt)> Runs => !File.Exists(_runs) ? [] :
        [.. File.ReadAllLines(_runs).Select(line => line.Split(' ')).Select(parts => (parts[0], parts[1], int.Parse(parts[2])))];

    /// <summary>Takes so many steps, a checkpoint after every fifth, then finishes.</summary>
    public static string Steps(int count, double seconds = 0.02) => $"steps {count} {seconds}; finish";

    public void OpenGate() => File.WriteAllText(Gate, "");

    /// <summary>Changes what the next runs do.</summary>
    public void Write(string body)
    {
        var next = _path + ".new";
        File.WriteAllText(next, $$$"""
            #!/bin/sh
            cd "$1" || exit 70
            job=$(sed -n 's/.*"job_id": "\([^"]*\)".*/\1/p' run.json)
            attempt=$(sed -n 's/^  "attempt": \([0-9]*\).*/\1/p' run.json)
            step=0
            [ -f resume.in ] && step=$(cat resume.in)
            echo "start $job $attempt" >> {{{_runs}}}
            echo $$ > pid
            say() { printf '%s\n' "$1"; }
            leave() { echo "end $job $attempt" >> {{{_runs}}}; exit "$1"; }
            metric() { say '{"type":"metrics","stage":"labels","epoch":1,"step":'$step',"values":{"train/loss":'$step.5'}}'; }
            progress() { say '{"type":"progress","progress":{"stage":"labels","epoch":1,"epochs":2,"step":'$step',"steps":100,"fraction":0.5,"seconds_left":12}}'; }
            checkpoint() {
              echo $step > resume-$step
              say '{"type":"checkpoint","kind":"resume","path":"resume-'$step'","stage":"labels","model":"student","epoch":1,"step":'$step'}'
            }
            artifact() { say '{"type":"artifact","name":"'$1'","path":"'$1'","media_type":"application/octet-stream"}'; }
            finish() {
              echo "best of $job" > student.best.safetensors; artifact student.best.safetensors
              echo "last of $job" > student.last.safetensors; artifact student.last.safetensors
              say '{"type":"finished","report":{"protocol":"holdout","models":[],"teacher_signals":[],"steps":'$step',"seconds":1,"peak_memory_bytes":1,"environment":{"lib_torch":"none","device":"cpu","blas":"none","cpu_capability":"none","threads":1,"trainer":"scripted"} } }'
              leave 0
            }
            fail() { say '{"type":"failed","code":"'$1'","message":"'"$2"'","step":'$step'}'; leave "$3"; }
            one_step() { step=$((step + 1)); metric; progress; [ $((step % 5)) -eq 0 ] && checkpoint; sleep "$1"; }
            steps() { while [ $step -lt "$1" ]; do one_step "$2"; done; }
            wait_gate() { while [ ! -e {{{Gate}}} ]; do sleep 0.02; done; }
            trap 'checkpoint; say "{\"type\":\"stopped\",\"step\":$step}"; leave 75' TERM
            say '{"type":"stage_started","stage":"labels","index":0,"epochs":2,"steps_per_epoch":10}'
            {{{body}}}
            """.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(next, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Move(next, _path, overwrite: true);
    }
}
