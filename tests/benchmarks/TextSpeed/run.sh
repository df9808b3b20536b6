#!/bin/sh
# Runs this program and its Python peer in turn and prints the medians and their ratios.
#   run.sh [NETWORKS] [THREADS] [ROUNDS] [SECONDS] [LENGTH]      run.sh "bert-tiny bert-mini" "1 2" 5 8 64
# Python with PyTorch: the PYTHON variable, else python3.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
networks=${1:-"bert-tiny bert-mini"} threads=${2:-"1 2"} rounds=${3:-5} seconds=${4:-8} length=${5:-64}
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

dotnet build "$here" -c Release -v q --nologo >&2
program=$here/../../../.build/bin/TextSpeed/release/TextSpeed
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors; batch 32, texts of $((length / 2)) to $length tokens; medians of $rounds rounds of $seconds s"

median() { cut -d' ' -f"$2" "$1" | sort -n | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

for network in $networks; do
  for count in $threads; do
    rm -f "$out"/*
    for _ in $(seq "$rounds"); do
      "$program" "$network" "$count" "$seconds" "$length" >>"$out/ours"
      "$python" "$here/plain.py" "$network" "$count" "$seconds" "$length" >>"$out/plain"
    done
    for column in 1 2; do
      ours=$(median "$out/ours" $column) plain=$(median "$out/plain" $column)
      awk -v n="$network" -v t="$count" -v c="$column" -v o="$ours" -v p="$plain" 'BEGIN {
        printf "%s, %d thread(s), %s: %.2f steps/s; Python %.2f (ratio %.2f)\n", n, t, c == 1 ? "training" : "evaluation", o, p, o / p }'
    done
  done
done
