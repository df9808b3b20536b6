#!/usr/bin/env python3
"""CIFAR-10, ResNet-20 to ResNet-8: student alone, kd, annealing_kd and takd over three seeds, through a running service.

usage: run.py [URL] [TRAIN_LIMIT] [EPOCHS]      (defaults: http://127.0.0.1:5080, 20000, 8)

Prints a Markdown table: test accuracy of the last and the best epoch, agreement with the teacher, calibration and time,
each as mean and sample standard deviation over the seeds, after the rows of the single runs. Needs python3 alone.
"""
import json, statistics, sys, time, urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5080"
limit = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 8
seeds = [1, 2, 3]
methods = {
    "none": {"name": "none"},
    "kd": {"name": "kd"},
    "annealing_kd": {"name": "annealing_kd", "max_temperature": max(1, epochs // 2)},
    "takd": {"name": "takd", "assistants": ["resnet14"]},
}


def training(n):
    return {"epochs": n, "batch_size": 128, "optimizer": {"name": "sgd", "learning_rate": 0.1, "nesterov": True, "weight_decay": 5e-4},
            "schedule": {"name": "cosine"}}


def call(path, body=None, key=None):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    if key:
        request.add_header("Idempotency-Key", key)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def spec(method, seed):
    document = {"name": f"pair {method} {seed}", "labels": {"benchmark": "cifar10-pair"}, "seed": seed, "dataset": {"name": "cifar10", "train_limit": limit},
                "student": {"model": "resnet8"}, "method": methods[method], "training": training(epochs)}
    if method != "none":
        document["teacher"] = {"model": "resnet20", "training": training(epochs + epochs // 2)}
    return document


ids = {(method, seed): call("/v1/jobs", spec(method, seed), f"pair-{limit}-{epochs}-{method}-{seed}")["id"] for seed in seeds for method in methods}
done = {}
while len(done) < len(ids):
    for key, job in ids.items():
        if key in done:
            continue
        view = call(f"/v1/jobs/{job}")
        if view["status"] in ("failed", "cancelled"):
            sys.exit(f"{key}: {view['status']} {view.get('failure')}")
        if view["status"] == "succeeded":
            done[key] = view
            print(f"{len(done)}/{len(ids)} {key}", file=sys.stderr, flush=True)
    time.sleep(5)

teacher = call(f"/v1/jobs/{done['kd', 1]['teacher_job']}")["report"]["models"][-1]
print(f"Teacher {teacher['architecture']} ({teacher['parameters']:,} parameters): last {100 * teacher['last']['accuracy']:.2f} %, best {100 * teacher['best']['accuracy']:.2f} %.\n")
print("| method | seed | last % | best % | agreement % | ECE % | seconds |\n|---|---|---|---|---|---|---|")
rows = {}
for (method, seed), view in sorted(done.items(), key=lambda item: (list(methods).index(item[0][0]), item[0][1])):
    student = view["report"]["models"][-1]
    row = [100 * student["last"]["accuracy"], 100 * student["best"]["accuracy"], 100 * student["best"].get("agreement", float("nan")),
           100 * student["best"]["ece"], view["report"]["seconds"]]
    rows.setdefault(method, []).append(row)
    print(f"| {method} | {seed} | " + " | ".join("-" if value != value else f"{value:.2f}" for value in row[:4]) + f" | {row[4]:.0f} |")
print("\n| method | last % | best % | agreement % | ECE % | seconds |\n|---|---|---|---|---|---|")
for method, table in rows.items():
    cells = []
    for column in zip(*table):
        cells.append("-" if column[0] != column[0] else f"{statistics.mean(column):.2f} ± {statistics.stdev(column):.2f}")
    print(f"| {method} | " + " | ".join(cells) + " |")
