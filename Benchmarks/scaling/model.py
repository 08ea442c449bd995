"""What workers on one slab cost each other: a simulation of their cycles. `docs/scaling.md` lists its assumptions."""

import dataclasses
import random

PULL, COMPUTE, PUSH = range(3)


@dataclasses.dataclass(frozen=True)
class Machine:
    """A machine: cores in domains, each with a last-level cache, and two pipes behind it."""

    name: str
    cores_per_domain: int
    cache_bytes: float
    # Bytes per second from beyond a domain's cache (memory or other domains): of one domain, and of all together.
    domain_rate: float
    socket_rate: float


@dataclasses.dataclass(frozen=True)
class Worker:
    """One cycle of a worker: times in seconds, measured on one machine with everything in its caches."""

    steps: float
    parameter_bytes: float
    compute: float
    # The measured times if another core wrote the lines last; `sole_push` if none did.
    pull: float
    push: float
    sole_push: float
    # Private bytes of one worker: copy, gradient, weights in other layouts, activations.
    private_bytes: float
    # Bytes that a cycle's computation moves through a core's private cache.
    compute_traffic: float
    # Factor on the time of a push while another is running; 1 means no effect.
    push_conflict: float
    # The time between two writes of an element below which one of them is lost.
    window: float
    # Bytes per second that one core reads from beyond its domain, and from its domain's cache.
    far_rate: float
    near_rate: float


@dataclasses.dataclass
class Prediction:
    """The result of a simulation."""

    workers: int
    steps_per_second: float
    speedup: float
    exchange_share: float
    pipe_load: float
    staleness: float
    torn_pulls: float
    lost_updates: float


def phases(worker, machine, count):
    """Seconds, and bytes from beyond the domain, of each phase without contention."""
    domains = -(-count // machine.cores_per_domain)
    here = min(count, machine.cores_per_domain)
    shared = 2 * worker.parameter_bytes
    # Data that does not fit comes from memory each time.
    missing = max(0.0, 1 - machine.cache_bytes / (here * worker.private_bytes + shared))
    # The last writer of a line is in another domain as often as the workers are.
    elsewhere = (count - here) / (count - 1) if domains > 1 else 0.0
    far = [
        worker.parameter_bytes * (elsewhere + missing),
        worker.compute_traffic * missing,
        # θ and the averages come from the last writer; the gradient is the worker's own.
        (2 * elsewhere + missing) * worker.parameter_bytes,
    ]
    alone = [0.0 if count == 1 else worker.pull, worker.compute, worker.sole_push if count == 1 else worker.push]
    slower = 1 / worker.far_rate - 1 / worker.near_rate
    near = [max(time - size / worker.near_rate, 0.1 * time) for time, size in zip(alone, far)]
    # A remote byte replaces a near one, whose time was measured.
    times = [max(time + size * slower, time) for time, size in zip(alone, far)]
    return times, [time - fixed if size else 0.0 for time, fixed, size in zip(times, near, far)], far


def simulate(worker, machine, count, cycles=150, seed=0):
    """Simulates `count` workers for some cycles each."""
    generator = random.Random(seed)
    times, waits, sizes = phases(worker, machine, count)
    domain = [index // machine.cores_per_domain for index in range(count)]
    domain_workers = [domain.count(number) for number in range(domain[-1] + 1)]
    phase = [COMPUTE] * count
    # Workers start at different places in their cycles.
    left = [generator.random() for _ in range(count)]
    busy = [[0, 0, 0] for _ in domain_workers]
    for index in range(count):
        busy[domain[index]][COMPUTE] += 1
    now, done, spent, load_time = 0.0, 0, [0.0, 0.0, 0.0], 0.0
    updates, pulled_at, staleness, torn = 0, [0] * count, 0, 0
    is_torn = [False] * count
    warm, goal = 20 * count, (20 + cycles) * count
    measured_from = 0.0

    def demand(numbers):
        return sum(number * size / time if time else 0.0 for number, size, time in zip(numbers, sizes, times))

    while done < goal:
        pushing = sum(numbers[PUSH] for numbers in busy)
        total = demand([sum(numbers[kind] for numbers in busy) for kind in range(3)])
        socket = total / machine.socket_rate
        conflict = 1 + (worker.push_conflict - 1) * max(0, pushing - 1)

        def speed(index):
            kind = phase[index]
            own = max(1.0, socket, demand(busy[domain[index]]) / machine.domain_rate)
            # The pipe lengthens only the part of a phase that waits for it.
            stretched = times[kind] + waits[kind] * (own - 1)
            return 1 / (stretched * (conflict if kind == PUSH else 1))

        speeds = {}
        best, step = 0, float("inf")
        for index in range(count):
            key = (domain[index], phase[index])
            if key not in speeds:
                speeds[key] = speed(index)
            if left[index] / speeds[key] < step:
                best, step = index, left[index] / speeds[key]
        for index in range(count):
            left[index] -= step * speeds[domain[index], phase[index]]
        now += step
        if done >= warm:
            for kind in range(3):
                spent[kind] += step * sum(numbers[kind] for numbers in busy)
            load_time += step * min(1.0, socket)
        # The worker whose phase has ended starts the next.
        kind = phase[best]
        busy[domain[best]][kind] -= 1
        if kind == PUSH:
            staleness += (updates - pulled_at[best]) * (done >= warm)
            updates += 1
            done += 1
            if done == warm:
                measured_from = now
            pulled_at[best] = updates
            is_torn[best] = any(numbers[PUSH] for numbers in busy)
        elif kind == PULL:
            torn += is_torn[best] * (done >= warm)
        following = (kind + 1) % 3
        if following == PULL and count == 1:
            following = COMPUTE
        if following == PUSH:
            for index in range(count):
                is_torn[index] = is_torn[index] or phase[index] == PULL
        phase[best] = following
        busy[domain[best]][following] += 1
        # Episodes end within segments, and games differ in length, so the cycles of a worker differ.
        left[best] = generator.uniform(0.8, 1.2) if following == COMPUTE else 1.0

    elapsed = now - measured_from
    made = done - warm
    rate = made / elapsed
    alone = worker.steps / (worker.compute + worker.sole_push)
    return Prediction(
        workers=count, steps_per_second=rate * worker.steps, speedup=rate * worker.steps / alone,
        exchange_share=(spent[PULL] + spent[PUSH]) / sum(spent), pipe_load=load_time / elapsed,
        staleness=staleness / made, torn_pulls=torn / made,
        # An update is lost if another started so shortly before it that both read the same values.
        lost_updates=worker.window * rate * (count - 1) / count)
