#!/usr/bin/env python3
"""What it saves that a teacher of texts runs over the training set once: annealing_kd with kept logits, and with a teacher that
is called on every batch of the annealing epochs; the rest are on the labels.

usage: run.py [URL] [TEACHER] [STUDENT] [EPOCHS] [ROUNDS] [ANNEALING]
(defaults: http://127.0.0.1:5080, bert-l2-h256, bert-l2-h128, 10, 3, and all epochs but the last)

Runs both through a running service, one after the other and no other job beside, on phrases that no earlier run has seen, so that
nothing is there to be found: the kept logits are computed within the time that is measured. Prints the seconds in trainers, as
their reports say, the teacher's passes, and the ratios. A layer of twice the width costs four times as much. Needs python3 alone.
"""
import json, statistics, sys, time, urllib.request

defaults = ["http://127.0.0.1:5080", "bert-l2-h256", "bert-l2-h128", "10", "3", ""]
url, teacher, student, epochs, rounds, annealing = sys.argv[1:] + defaults[len(sys.argv) - 1:]
annealing = int(annealing or int(epochs) - 1)


def call(path, body=None):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def report(drawing, signal):
    training = {"batch_size": 32, "optimizer": {"name": "adamw", "learning_rate": 0.0005}, "schedule": {"name": "linear"}}
    job = call("/v1/jobs", {
        "dataset": {"name": "phrases", "samples": 4000, "words": 30, "drawing_seed": drawing}, "resources": {"threads": 1},
        "teacher": {"model": teacher, "training": training | {"epochs": 1}}, "student": {"model": student}, "teacher_signal": signal,
        "method": {"name": "annealing_kd", "max_temperature": 5, "annealing_epochs": annealing}, "training": training | {"epochs": int(epochs)}})["id"]
    while True:
        view = call(f"/v1/jobs/{job}")
        if view["status"] in ("failed", "cancelled"):
            sys.exit(f"{job}: {view['status']} {view.get('failure')}")
        if view["status"] == "succeeded":
            return view["report"]
        time.sleep(0.5)


ratios = []
print("| signal | passes of the teacher | seconds |\n|---|---|---|", flush=True)
for number in range(int(rounds)):
    drawing = int(time.time())
    # Kept ones second: they find nothing, for the first job keeps none.
    live, kept = (report(drawing, signal) for signal in ("live", "cached"))
    for told in (live, kept):
        signal = told["teacher_signals"][0]
        print(f"| {signal['signal']} | {signal['passes_made']:.0f} | {told['seconds']:.1f} |", flush=True)
    ratios.append(kept["seconds"] / live["seconds"])
print(f"\n{epochs} epochs, {annealing} of them annealing, of {student}, taught by {teacher}: {statistics.median(ratios):.2f} of the seconds (median of {rounds}; {min(ratios):.2f} to {max(ratios):.2f})")
