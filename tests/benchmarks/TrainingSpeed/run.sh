#!/bin/sh
# Runs this program and its two Python peers in turn and prints the medians and their ratios.
#   run.sh [DEPTHS] [THREADS] [ROUNDS] [SECONDS]      run.sh "8 20" "1 2" 5 5
# Python with PyTorch: the PYTHON variable, else python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
depths=${1:-"8 20"} threads=${2:-"1 2"} rounds=${3:-5} seconds=${4:-5}
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

dotnet build "$here" -c Release -v q --nologo >&2
program=$here/../../../.build/bin/TrainingSpeed/release/TrainingSpeed
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors; batch 128, 32x32; medians of $rounds rounds of $seconds s"

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

for depth in $depths; do
  for count in $threads; do
    rm -f "$out"/*
    for _ in $(seq "$rounds"); do
      "$program" "$depth" "$count" "$seconds" >>"$out/ours"
      "$python" "$here/plain.py" "$depth" "$count" "$seconds" >>"$out/plain"
      "$python" "$here/tuned.py" "$depth" "$count" "$seconds" >>"$out/tuned"
    done
    ours=$(median "$out/ours") plain=$(median "$out/plain") tuned=$(median "$out/tuned")
    awk -v d="$depth" -v t="$count" -v o="$ours" -v p="$plain" -v u="$tuned" 'BEGIN {
      printf "ResNet-%d, %d thread(s): %.2f steps/s; plain Python %.2f (ratio %.2f), tuned Python %.2f (ratio %.2f)\n", d, t, o, p, o / p, u, o / u }'
  done
done
