"""Compares the events of a run, read by TensorBoard's own reader, with the run's metrics.csv and workers.csv.

usage: check_tensorboard.py RUN [EVENTS]
"""

import csv
import glob
import sys

import numpy
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2


def rows(path):
    """The rows of a table: the step, and the numbers by column as TensorBoard stores them."""
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            step = int(row.pop("time/total_timesteps"))
            yield step, {name: numpy.float32(float(cell)) for name, cell in row.items() if cell}


run = sys.argv[1]
folder = sys.argv[2] if len(sys.argv) > 2 else run + "/tensorboard"
assert len(glob.glob(folder + "/*tfevents*")) == 1, "a run has one event file"
events = EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0, "histograms": 0, "tensors": 0})
events.Reload()

expected = {}
evaluated = []
for step, numbers in rows(run + "/metrics.csv"):
    for tag, value in numbers.items():
        expected.setdefault(tag, []).append((step, value))
    if "eval/mean_reward" in numbers:
        evaluated.append(step)
for step, numbers in rows(run + "/workers.csv"):
    worker = int(numbers.pop("worker"))
    for name, value in numbers.items():
        expected.setdefault(f"worker_{worker}/{name.removeprefix('worker/')}", []).append((step, value))

tags = events.Tags()
assert set(tags["scalars"]) == set(expected), set(tags["scalars"]) ^ set(expected)
count = 0
for tag, values in expected.items():
    found = [(event.step, numpy.float32(event.value)) for event in events.Scalars(tag)]
    assert found == values, f"{tag}: {found} instead of {values}"
    count += len(found)

assert tags["images"] == ["evaluation/episode"], tags["images"]
pictures = events.Images("evaluation/episode")
assert [event.step for event in pictures] == evaluated, ([event.step for event in pictures], evaluated)
for picture in pictures:
    assert picture.encoded_image_string.startswith(b"\x89PNG") and picture.width > 400 and picture.height > 200
assert len(tags["histograms"]) == 1, tags["histograms"]
histograms = events.Histograms(tags["histograms"][0])
assert [event.step for event in histograms] == evaluated
for event in histograms:
    value = event.histogram_value
    assert sum(value.bucket) == value.num > 0 and len(value.bucket) == len(value.bucket_limit)
    assert value.min <= value.max == value.bucket_limit[-1] or len(value.bucket) == 1

sessions = {}
for tag in ("experiment", "session_start_info", "session_end_info"):
    metadata = events.SummaryMetadata("_hparams_/" + tag)
    sessions[tag] = plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)
parameters = sessions["session_start_info"].session_start_info.hparams
assert parameters["environment"].string_value and parameters["learning_rate"].number_value > 0
declared = {info.name for info in sessions["experiment"].experiment.hparam_infos}
assert declared == set(parameters) and len(declared) > 40, declared
metrics = [info.name.tag for info in sessions["experiment"].experiment.metric_infos]
assert metrics == ["eval/mean_reward", "rollout/ep_rew_mean"], metrics
assert sessions["session_end_info"].session_end_info.status == 1
print(f"{folder}: {len(expected)} tags, {count} numbers, {len(pictures)} pictures and histograms as in the tables")
