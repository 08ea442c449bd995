#!/usr/bin/env python3
"""Predicts the updates per second of many worker processes and parameter servers; prints Markdown tables.

    Benchmarks/scaling/cluster_model.py                 # the tables of docs/scaling.md
    Benchmarks/scaling/cluster_model.py --simulate      # also compares the model with a simulation, a minute
    Benchmarks/scaling/cluster_model.py --costs FILE    # costs that Benchmarks/exchange/run has measured

A run is a closed queueing network. Each process computes, sends its gradients to all shards, which answer with their
parameters, and computes again. A shard has three queues: its incoming link, its processor and its outgoing link. The
shards are alike and work on a process's parts at the same time, so one of them describes all. Mean value analysis (Reiser
and Lavenberg 1980) gives the rate and the waiting times. The simulation has all shards, waits for the slowest and has no
random service times. docs/scaling.md lists the assumptions. Needs only Python's standard library.
"""

import argparse
import dataclasses
import heapq
import json
import pathlib
import random

COSTS = pathlib.Path(__file__).with_name("exchange-costs.json")
GIGABIT = 1e9 / 8


@dataclasses.dataclass(frozen=True)
class Costs:
    """Processor time of an exchange with one shard, in seconds: per message, per byte in both directions together, and
    per parameter for the optimiser's step."""

    server_message: float
    server_byte: float
    worker_message: float
    worker_byte: float
    server_parameter: float


@dataclasses.dataclass(frozen=True)
class Learner:
    """A network and the time in seconds that a worker needs for one update, with its steps in the environment."""

    name: str
    parameters: int
    update: float


@dataclasses.dataclass(frozen=True)
class Setup:
    """A cluster: workers, those of them that share a process, shards, the cores of a shard, a link's bytes per second."""

    workers: int
    shards: int
    link: float
    threads: int = 1
    accumulated: int = 1
    bytes_per_float: int = 4
    cores: int = 2

    @property
    def processes(self):
        return max(1, round(self.workers / self.threads))

    @property
    def is_sensible(self):
        """Whether threads share a process in a run that has at least ten processes."""
        return self.threads == 1 or self.workers >= 10 * self.threads

    @property
    def updates_per_exchange(self):
        return self.threads * self.accumulated


@dataclasses.dataclass(frozen=True)
class Prediction:
    updates: float
    ideal: float
    limit: str
    pushes_between: float
    cycle: float

    @property
    def share(self):
        return self.updates / self.ideal


def demands(learner, setup, costs):
    """Seconds of one cycle: what a process needs alone, and what it needs of a shard's three queues."""
    size = learner.parameters * setup.bytes_per_float
    part = size / setup.shards
    think = {
        "workers' updates": setup.accumulated * learner.update,
        "workers' exchanges": (setup.shards * costs.worker_message + 2 * size * costs.worker_byte
                               + 2 * size / setup.link),
    }
    incoming = part / setup.link
    processor = (costs.server_message + 2 * part * costs.server_byte
                 + learner.parameters / setup.shards * costs.server_parameter) / setup.cores
    return think, {"servers' links": incoming, "servers' processors": processor, "answers": incoming}


def predict(learner, setup, costs):
    """Mean value analysis, exact for exponential service times."""
    think, queues = demands(learner, setup, costs)
    delay = sum(think.values())
    needs = list(queues.values())
    lengths = [0.0] * len(needs)
    rate = 0.0
    for population in range(1, setup.processes + 1):
        times = [need * (1 + length) for need, length in zip(needs, lengths)]
        rate = population / (delay + sum(times))
        lengths = [rate * time for time in times]
    ideal = setup.workers / learner.update
    cycle = setup.processes / rate
    waits = {name: time for name, time in zip(queues, times)}
    waits["servers' links"] += waits.pop("answers")
    parts = {**think, **waits}
    return Prediction(
        updates=rate * setup.updates_per_exchange, ideal=ideal, limit=max(parts, key=parts.get),
        pushes_between=setup.processes - 1, cycle=cycle)


def simulate(learner, setup, costs, cycles, seed=0):
    """Updates per second of a simulation with every shard, in which only the computation varies (by a fifth)."""
    think, queues = demands(learner, setup, costs)
    needs = list(queues.values())
    generator = random.Random(seed)
    free = [[0.0] * 3 for _ in range(setup.shards)]
    alone = sum(think.values())
    events = [(generator.uniform(0, alone), process) for process in range(setup.processes)]
    heapq.heapify(events)
    warm, total = setup.processes * max(1, cycles // 4), setup.processes * cycles
    start = now = 0.0
    for count in range(total):
        now, process = heapq.heappop(events)
        if count == warm:
            start = now
        end = now
        for shard in free:
            moment = now
            for queue, need in enumerate(needs):
                moment = max(moment, shard[queue]) + need
                shard[queue] = moment
            end = max(end, moment)
        heapq.heappush(events, (end + alone * generator.uniform(0.8, 1.2), process))
    return (total - warm) / (now - start) * setup.updates_per_exchange


NATURE = Learner("nature-cnn", 1_687_206, 0.020)
NIPS = Learner("nips-cnn", 676_915, 0.0022)
VARIANTS = {
    "fp32": {},
    "fp16": {"bytes_per_float": 2},
    "fp16, k = 4": {"bytes_per_float": 2, "accumulated": 4},
    "fp16, k = 4, 16 threads": {"bytes_per_float": 2, "accumulated": 4, "threads": 16},
    "fp16, k = 4, 64 threads": {"bytes_per_float": 2, "accumulated": 4, "threads": 64},
}
SIZES = [(4, 2), (100, 2), (100, 30), (10_000, 30), (10_000, 120)]
LINKS = [1, 10, 25]


def percent(share):
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def rate_table(learner, costs):
    ideal = "one worker alone: " + f"{1 / learner.update:,.0f} updates/s"
    lines = [f"{learner.name} ({learner.parameters:,} parameters; {ideal}). Updates per second, and the share of what "
             "the workers could compute:", "",
             "| workers × shards | link | " + " | ".join(VARIANTS) + " |", "|---|---:|" + "---:|" * len(VARIANTS)]
    for workers, shards in SIZES:
        for link in LINKS:
            cells = []
            for options in VARIANTS.values():
                setup = Setup(workers, shards, link * GIGABIT, **options)
                if not setup.is_sensible:
                    cells.append("")
                    continue
                prediction = predict(learner, setup, costs)
                cells.append(f"{prediction.updates:,.0f} ({percent(prediction.share)})")
            lines.append(f"| {workers:,} × {shards} | {link} Gb/s | " + " | ".join(cells) + " |")
    return lines


def limit_table(learner, costs):
    lines = [f"{learner.name}: what takes most of a cycle, the cycle's length, and the pushes of others in it (gradients in "
             "brackets):", "", "| workers × shards | link | variant | most time | cycle | pushes (gradients) |",
             "|---|---:|---|---|---:|---:|"]
    for workers, shards in SIZES:
        for link in LINKS:
            for name in ("fp32", "fp16, k = 4", "fp16, k = 4, 64 threads"):
                setup = Setup(workers, shards, link * GIGABIT, **VARIANTS[name])
                if not setup.is_sensible:
                    continue
                prediction = predict(learner, setup, costs)
                between = prediction.pushes_between
                gradients = f" ({between * setup.updates_per_exchange:,.0f})" if setup.updates_per_exchange > 1 else ""
                lines.append(f"| {workers:,} × {shards} | {link} Gb/s | {name} | {prediction.limit} | "
                             f"{prediction.cycle * 1e3:,.0f} ms | {between:,.0f}{gradients} |")
    return lines


def comparison(learner, costs):
    lines = [f"{learner.name}: the model and the simulation, updates per second:", "",
             "| workers × shards | link | variant | model | simulation |", "|---|---:|---|---:|---:|"]
    for workers, shards in SIZES[:4]:
        for link in LINKS:
            for name in ("fp32", "fp16, k = 4"):
                setup = Setup(workers, shards, link * GIGABIT, **VARIANTS[name])
                cycles = max(3, min(60, 60_000 // (setup.processes * setup.shards)))
                simulated = simulate(learner, setup, costs, cycles)
                lines.append(f"| {workers:,} × {shards} | {link} Gb/s | {name} | "
                             f"{predict(learner, setup, costs).updates:,.0f} | {simulated:,.0f} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--costs", type=pathlib.Path, default=COSTS)
    parser.add_argument("--simulate", action="store_true", help="compare the model with a simulation")
    arguments = parser.parse_args()
    document = json.loads(arguments.costs.read_text())
    costs = Costs(**document["costs"])
    print(f"Costs: {document['source']}.")
    for learner in (NATURE, NIPS):
        for table in (rate_table, limit_table):
            print("", *table(learner, costs), sep="\n")
        if arguments.simulate:
            print("", *comparison(learner, costs), sep="\n")


if __name__ == "__main__":
    main()
