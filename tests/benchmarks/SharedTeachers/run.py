#!/usr/bin/env python3
"""What sharing saves: a benchmark of four methods and three seeds, against its twelve jobs each with a teacher of its own.

usage: run.py [URL] [TEACHER] [STUDENT] [EPOCHS]      (defaults: http://127.0.0.1:5080, resnet20, resnet8, 4)

Runs both through a running service, one after the other, on pictures that no earlier run has seen, so that nothing is there to be
found. Prints seconds from submission to the last job's end, seconds in trainers, teachers trained, and the ratios. Needs python3 alone.
"""
import json, sys, time, urllib.request

url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5080"
teacher, student = (sys.argv[2:4] + ["resnet20", "resnet8"][len(sys.argv[2:4]):])
epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 4
methods = [{"name": "none"}, {"name": "kd"}, {"name": "annealing_kd", "max_temperature": 2}, {"name": "pro_kd", "max_temperature": 2}]
seeds = [1, 2, 3]
run = int(time.time())


def call(path, body=None):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def base(drawing):
    return {"dataset": {"name": "procedural", "samples": 2000, "test_samples": 1000, "drawing_seed": drawing, "views": 2},
            "teacher": {"model": teacher}, "student": {"model": student}, "evaluation": {"latency": False}, "resources": {"threads": 1},
            "training": {"epochs": epochs, "batch_size": 64, "optimizer": {"name": "sgd", "learning_rate": 0.05}}}


def finished(ids):
    """Waits for jobs; the teachers' jobs come with them."""
    views = {}
    while len(views) < len(ids):
        for job in ids - views.keys():
            view = call(f"/v1/jobs/{job}")
            if view["status"] in ("failed", "cancelled"):
                sys.exit(f"{job}: {view['status']} {view.get('failure')}")
            if view["status"] == "succeeded":
                views[job] = view
        time.sleep(0.5)
    teachers = {view["teacher_job"] for view in views.values() if view.get("teacher_job")}
    views.update({job: call(f"/v1/jobs/{job}") for job in teachers})
    return views, len(teachers)


def told(what, began, views, teachers):
    wall, trainers = time.time() - began, sum(view["report"]["seconds"] for view in views.values())
    print(f"| {what} | {teachers} | {wall:.0f} | {trainers:.0f} |", flush=True)
    return wall, trainers


print("| | teachers trained | seconds | seconds in trainers |\n|---|---|---|---|", flush=True)
began = time.time()
benchmark = call("/v1/benchmarks", {"name": f"shared {run}", "base": base(2 * run), "matrix": {"methods": methods, "seeds": seeds}})["id"]
while call(f"/v1/benchmarks/{benchmark}")["status"] not in ("finished", "cancelled"):
    time.sleep(0.5)
jobs = {job["id"] for job in call(f"/v1/jobs?label=benchmark:{benchmark}&limit=100")["items"]}
shared = told("one benchmark", began, *finished(jobs))

began = time.time()
ids = set()
for number, (method, seed) in enumerate((method, seed) for method in methods for seed in seeds):
    spec = base(2 * run + 1) | {"method": method, "seed": seed}
    if method["name"] == "none":
        del spec["teacher"]
    else:
        spec["teacher"] = spec["teacher"] | {"seed": number}
    ids.add(call("/v1/jobs", spec)["id"])
alone = told("twelve jobs, a teacher each", began, *finished(ids))
print(f"\nratio: {shared[0] / alone[0]:.2f} of the seconds, {shared[1] / alone[1]:.2f} of the seconds in trainers")
