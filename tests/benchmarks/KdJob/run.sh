#!/bin/bash
# A whole kd job from ResNet-110 to ResNet-8, by the trainer and by plain PyTorch (plain.py) in turn; prints wall and processor times and their
# ratios; the latter say more where others use the machine.
#   run.sh [SAMPLES] [EPOCHS] [VIEWS] [THREADS] [ROUNDS] [TEACHER]      run.sh 1000 30 4 1 1 resnet110
# Both times grow linearly with the samples; the trainer's includes its start, so few samples understate the ratio.
# Python with PyTorch: the PYTHON variable, else python3.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
samples=${1:-1000} epochs=${2:-30} views=${3:-4} threads=${4:-1} rounds=${5:-1} teacher=${6:-resnet110}
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

dotnet build "$here" -c Release -v q --nologo -clp:NoSummary >&2
dotnet build "$here/../../../src/KdService.Trainer" -c Release -v q --nologo -clp:NoSummary >&2
bin=$here/../../../.build/bin
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors, $threads thread(s); $teacher to resnet8, $samples pictures, $epochs epochs, $views views"

TIMEFORMAT='%R %U %S'
for round in $(seq "$rounds"); do
  folder=$out/$round
  "$bin/KdJob/release/KdJob" "$folder" "$teacher" "$samples" "$epochs" "$views" "$threads"
  { time "$bin/KdService.Trainer/release/kd-trainer" "$folder" >"$folder/events" 2>"$folder/log" || { cat "$folder/log" >&2; exit 1; }; } 2>"$folder/ours"
  { time "$python" "$here/plain.py" "$folder" >"$folder/accuracy"; } 2>"$folder/plain"
  "$python" -c "import json,sys; s=json.load(open(sys.argv[1]))['teacher_signals'][0]; print('%.0f passes of the teacher instead of %.0f, %.1f s saved' % (s['passes_made'], s['passes_live'], s['seconds_saved']))" "$folder/report.json"
  cat "$folder/ours" "$folder/plain" | awk 'NR == 1 { wall = $1; cpu = $2 + $3 }
    NR == 2 { printf "trainer %.1f s (processor %.1f s), plain PyTorch %.1f s (%.1f s): ratio %.2f (%.2f)\n", wall, cpu, $1, $2 + $3, $1 / wall, ($2 + $3) / cpu }'
done
