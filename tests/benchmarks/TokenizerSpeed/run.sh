#!/bin/sh
# WordPiece on one core: this program and plain Python in turn, and the ratio of their medians.
#   run.sh [ROUNDS] [SECONDS]      texts: GLUE and SQuAD of KD_DATA
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${KD_DATA:?KD_DATA: the folder that holds glue, squad and vocab}
rounds=${1:-5} seconds=${2:-5}
python=${PYTHON:-python3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

dotnet build "$here" -c Release -v q --nologo >&2
program=$here/../../../.build/bin/TokenizerSpeed/release/TokenizerSpeed
vocabulary=$data/vocab/bert-base-uncased-vocab.txt
"$python" -c 'import json, sys
for article in json.load(open(sys.argv[1], encoding="utf-8"))["data"]:
    for paragraph in article["paragraphs"]: print(paragraph["context"].replace("\n", " "))' "$data/squad/train-v1.1.reconstructed.json" >"$out/squad.txt"
texts="$data/glue/SST-2/train.tsv $data/glue/QNLI/dev.tsv $data/glue_subset10k/MNLI/train.tsv $out/squad.txt"
echo "$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2), $(nproc) processors; one thread; medians of $rounds rounds; .NET $(dotnet --version), $($python --version)"

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int((NR + 2) / 2)]) / 2 }'; }

# shellcheck disable=SC2086 # a list of files
for _ in $(seq "$rounds"); do
  taskset -c 0 "$program" "$vocabulary" "$seconds" $texts >>"$out/ours"
  taskset -c 0 "$python" "$here/plain.py" "$vocabulary" 5000 $texts >>"$out/plain"
done
tail -n 1 "$out/ours"
tail -n 1 "$out/plain"
awk -v o="$(median "$out/ours")" -v p="$(median "$out/plain")" 'BEGIN { printf "WordPiece: %.0f MB/min; plain Python %.0f (ratio %.1f)\n", o, p, o / p }'
