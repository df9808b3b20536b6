#!/bin/sh
# Runs this program and its Python peer in turn over the development sets of GLUE tasks, and prints the medians and their ratios.
#   run.sh DATA [NETWORKS] [THREADS] [TASKS] [ROUNDS] [SECONDS]      run.sh /data "bert-tiny bert-mini" "1 2" "sst2 rte" 3 4
# The peer pads each batch to its longest text, and then to 128 tokens, the length that GLUE is usually run at.
# Python with PyTorch: the PYTHON variable, else python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=$1 networks=${2:-"bert-tiny bert-mini"} threads=${3:-"1 2"} tasks=${4:-"sst2 rte"} rounds=${5:-3} seconds=${6:-4}
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

dotnet build "$here" -c Release -v q --nologo >&2
program=$here/../../../.build/bin/TextEvaluation/release/TextEvaluation
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors; batch 32; medians of $rounds rounds of $seconds s"

median() { cut -d' ' -f1 "$1" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

for task in $tasks; do
  for network in $networks; do
    for count in $threads; do
      rm -f "$out"/*
      for _ in $(seq "$rounds"); do
        "$program" "$network" "$count" "$seconds" "$task" "$data" "$out/texts" >>"$out/ours"
        "$python" "$here/plain.py" "$network" "$count" "$seconds" "$out/texts" longest >>"$out/longest"
        "$python" "$here/plain.py" "$network" "$count" "$seconds" "$out/texts" 128 >>"$out/128"
      done
      awk -v n="$network" -v t="$count" -v k="$task" -v o="$(median "$out/ours")" -v l="$(median "$out/longest")" -v f="$(median "$out/128")" -v s="$(head -1 "$out/ours" | cut -d';' -f2)" 'BEGIN {
        printf "%s (%s ), %s, %d thread(s): %.0f texts/s; Python %.0f (ratio %.2f), at 128 tokens %.0f (ratio %.2f)\n", k, s, n, t, o, l, o / l, f, o / f }'
    done
  done
done
