"""Runs the measurements of Benchmarks/replay/run in alternating rounds and writes their medians as a table.

replay-bench FRAMES_DIR runs in a temporary folder and prints a line of JSON per measurement. Sizes are in bytes, times
in seconds:

    {"measure":"save","bytes":..,"seconds":..}          20,000 stacked transitions, durably
    {"measure":"second_save","seconds":..}              after 1,000 more
    {"measure":"restore","seconds":..}                  the first save, verified
    {"measure":"peak","replay_bytes":..,"extra_bytes":..}   a save of 100,000 frames
    {"measure":"policy","seconds":..,"sha256_seconds":..}   a file of the policy alone, to the first action
    {"measure":"policy_process","seconds":..}           the same as a complete process
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MEASURES = {
    "save": ["bytes", "seconds"],
    "second_save": ["seconds"],
    "restore": ["seconds"],
    "peak": ["replay_bytes", "extra_bytes"],
    "policy": ["seconds", "sha256_seconds"],
    "policy_process": ["seconds"],
}


def lines(command, folder):
    """The output of a command that runs in a folder; each line is JSON."""
    result = subprocess.run([str(part) for part in command], cwd=folder, stdout=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {result.returncode}")
    try:
        return [json.loads(line) for line in result.stdout.splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        raise RuntimeError(f"{command[0]} printed what is not JSON: {error}") from error


def measure(arguments, scratch):
    """All figures by name, one value per round, and the peers' versions."""
    figures, versions = {}, {}

    def add(owner, document):
        for key, value in document.items():
            figures.setdefault(f"{owner}.{key}", []).append(value)

    for index in range(arguments.rounds):
        print(f"round {index + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
        for owner, options in [("sb3", [arguments.frames]), ("policy", [])]:
            (document,) = lines([sys.executable, HERE / f"{owner}.py", *options, "--directory", scratch], scratch)
            versions.update(document.pop("versions"))
            add(f"peer.{owner}", document)
        if arguments.replay_bench:
            for document in lines([arguments.replay_bench, arguments.frames], scratch):
                name = document.pop("measure", None)
                if name not in MEASURES or not set(MEASURES[name]) <= set(document):
                    raise RuntimeError(f"replay-bench printed a measurement that is not known: {name} {document}")
                add(f"ours.{name}", document)
    return figures, versions


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.1f} ms"


def megabytes(value):
    return f"{value / 1e6:,.1f} MB"


def fraction(ratio):
    """A ratio in the form of the goals."""
    return f"1/{1 / ratio:.1f}" if ratio < 0.5 else f"{ratio:.2f}×"


def rows(figures):
    """The table rows: subject, ours, the peer's, the ratio, the goal. Without ours there is no ratio."""
    median = {name: statistics.median(values) for name, values in figures.items()}

    def row(what, name, peer, peer_text, unit, show, goal, goal_text):
        if name not in median or peer is None:
            return what, "", peer_text, "", goal_text
        ratio = median[name] / peer
        reached = "reached" if ratio <= goal else "missed"
        return what, unit(median[name]), peer_text, show(ratio), f"{goal_text}: {reached}"

    size, save, load = (median[f"peer.sb3.{key}"] for key in ("bytes", "save_s", "load_s"))
    synced = save + median["peer.sb3.fsync_s"]
    saved = f"{seconds(save)} ({seconds(synced)} with an fsync)"
    first, replay = median.get("ours.save.seconds"), median.get("ours.peak.replay_bytes")
    # Only our side needs the pass over the bytes, so it counts at our speed.
    digest = median.get("ours.policy.sha256_seconds")
    yield row("replay of 20,000 transitions: size", "ours.save.bytes", size, megabytes(size), megabytes, fraction,
              1 / 200, "≤ 1/200")
    yield row("… saved", "ours.save.seconds", save, saved, seconds, fraction, 1 / 10, "≤ 1/10")
    yield row("… restored", "ours.restore.seconds", load, seconds(load), seconds, fraction, 1 / 10, "≤ 1/10")
    yield row("… saved again 1,000 transitions later", "ours.second_save.seconds", first,
              f"{seconds(first)} (our first save)" if first else "", seconds, fraction, 1 / 5, "≤ 1/5")
    yield row("peak extra memory of a save of 100,000 frames", "ours.peak.extra_bytes", replay,
              f"{megabytes(replay)} (the replay)" if replay else "", megabytes, "{:.1%}".format, 0.15, "< 15 %")
    for key, how in [("plain_s", "a network built as usual"), ("lean_s", "a network built without weights")]:
        peer = median[f"peer.policy.{key}"]
        allowed = 1.5 * peer + digest if digest else None
        text = f"{seconds(peer)}; allowed {seconds(allowed)}" if digest else seconds(peer)
        yield row(f"policy to the first action, in process; PyTorch with {how}", "ours.policy.seconds", allowed, text,
                  seconds, lambda ratio: f"{ratio:.2f}× of what is allowed", 1, "≤ 1.5× + one SHA-256 pass")
    whole = median["peer.policy.process_s"]
    yield row("policy to the first action, as a process", "ours.policy_process.seconds", whole, seconds(whole), seconds,
              fraction, 1 / 20, "≤ 1/20")


def machine():
    """The name of the processor, from Linux."""
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", required=True, type=pathlib.Path, help="folder written by record.py")
    parser.add_argument("--replay-bench", default="", help="our executable; default: measure only the peers")
    parser.add_argument("--results", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds takes at least 1")
    arguments.frames = arguments.frames.resolve()
    arguments.results = arguments.results.resolve()
    if arguments.replay_bench:
        arguments.replay_bench = pathlib.Path(arguments.replay_bench).resolve()
    arguments.results.mkdir(parents=True, exist_ok=True)
    try:
        # On the disk of the results: in a memory file system fsync would be free.
        with tempfile.TemporaryDirectory(dir=arguments.results) as scratch:
            figures, versions = measure(arguments, pathlib.Path(scratch))
    except RuntimeError as error:
        sys.exit(f"error: {error}")
    versions["python"] = platform.python_version()
    text = ["| what | swift-dqn | compared with | ratio | goal |", "|---|---:|---:|---:|---|"]
    text += [f"| {' | '.join(row)} |" for row in rows(figures)]
    text += ["", f"Medians of {arguments.rounds} rounds on {os.cpu_count()} cores of {machine()}; "
             + ", ".join(f"{name} {version}" for name, version in versions.items())
             + ". Files are read back from the page cache; the peers' are neither synced nor verified."]
    table = "\n".join(text)
    document = {"versions": versions, "rounds": arguments.rounds, "figures": figures}
    (arguments.results / "replay.json").write_text(json.dumps(document, indent=1) + "\n")
    (arguments.results / "replay.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
