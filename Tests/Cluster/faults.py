"""The faults that strike a run, and what each must lead to."""

import os
import signal
import time

from cluster import CLOSING_SECONDS, JOINING_SECONDS, Failure

# Who is struck, and how. `crash` is the end of a host: its link first, so that nobody is told, then its processes.
FAULTS = [("worker", "kill"), ("worker", "stop"), ("worker", "cut"), ("worker", "crash"), ("worker", "join"),
          ("shard", "kill"), ("shard", "stop"), ("shard", "cut"),
          ("chief", "kill"), ("chief", "stop"), ("chief", "cut")]

# A run that ends sooner after the loss of a worker may have been complete before the chief could notice the loss: a kill
# ends a stream, all else shows when the worker has not been heard of for the patience.
NOTICING_SECONDS = {"kill": 1, "stop": 6, "cut": 6, "crash": 6, "join": 0}


def places(network, fault):
    """The hosts of the chief, the shards and the workers: what a fault strikes has a host of its own if links matter."""
    own, (first, second) = network.own, network.hosts[:2]
    who, how = fault
    if how not in ("cut", "crash"):
        return own, [first, second], [first, first, second, second]
    if who == "worker":
        return own, [own, first], [own, first, second, second]
    if who == "shard":
        return own, [own, second], [own, own, first, first]
    # The chief's link can only be cut where it is not the script's own host.
    return first, [second, second], [second, second, own, own]


def strike(cluster, network, fault, generator):
    """Strikes; returns the roles that are lost and the processes that are stopped."""
    who, how = fault
    if how == "join":
        role = cluster.start_worker(9, generator.choice([network.own, *network.hosts[:2]]))
        cluster.wait_until(lambda: role.is_ready() or role.process.poll() is not None
                           or cluster.chief.process.poll() is not None, JOINING_SECONDS, "the worker has not joined")
        return [], []
    candidates = cluster.of(who)
    if how in ("cut", "crash"):
        host = {"worker": network.hosts[1], "shard": network.hosts[1], "chief": network.hosts[0]}[who]
        candidates = [role for role in candidates if role.host is host]
        lost = candidates
        host.cut()
        if how == "crash":
            for role in lost:
                _send(role, signal.SIGKILL)
        return lost, []
    victim = generator.choice(candidates)
    _send(victim, signal.SIGKILL if how == "kill" else signal.SIGSTOP)
    return [victim], [victim.process.pid] if how == "stop" else []


def _send(role, number):
    try:
        os.kill(role.process.pid, number)
    except ProcessLookupError:
        pass


def judge(cluster, network, fault, lost, stopped, programs):
    """Checks the end of a run that was struck, and that it can be continued. Returns what happened, in a word."""
    who, how = fault
    began = time.monotonic()
    if who == "worker":
        code = cluster.finish()
        seconds = time.monotonic() - began
        if code != 0:
            raise Failure(f"the run ends with {code} instead of 0\n{cluster.account()}")
        cluster.require_deserted(CLOSING_SECONDS, stopped)
        _require_names(cluster, lost, seconds < NOTICING_SECONDS[how])
        cluster.require_exact(programs / "dqn-checkpoint")
        return "survived"
    cluster.require_deserted(CLOSING_SECONDS, stopped)
    seconds = time.monotonic() - began
    cluster.reap()
    codes = {role.name: role.process.returncode for role in cluster.roles}
    if cluster.chief.process.returncode == 0:
        # The fault came after the last step.
        cluster.require_exact(programs / "dqn-checkpoint")
        return "over"
    for role in cluster.roles:
        expected = -signal.SIGKILL if role in lost and how == "kill" else 1
        if codes[role.name] != expected:
            raise Failure(f"the {role.name} ends with {codes[role.name]} instead of {expected}\n{cluster.account()}")
    if who == "shard" and "--resume" not in cluster.chief.errors():
        raise Failure(f"the chief does not print how to continue\n{cluster.account()}")
    return f"ended after {seconds:.1f} s"


def _require_names(cluster, lost, was_over):
    """Every lost worker process is named exactly once, unless the run was over before it was noticed."""
    lines = [line for line in cluster.chief.errors().splitlines() if " is lost" in line and line.count("worker")]
    expected = len(lost)
    if len(lines) > expected or (len(lines) < expected and not was_over):
        raise Failure(f"{len(lines)} losses are named instead of {expected}: {lines}\n{cluster.account()}")
