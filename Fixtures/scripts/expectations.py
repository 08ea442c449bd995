"""What imports of a folder of Fixtures/interchange must give: its `expected.json`."""

import json

import numpy


class Expectations:
    """For each file the options of `dqn-checkpoint import`, observations, and the values that the network has for them in
    its own library; files without values must be refused, with `words` in the message."""

    def __init__(self, folder, observations):
        """The observations are those of files that are recorded without any."""
        folder.mkdir(exist_ok=True)
        self.folder, self.observations, self.files = folder, observations, {}

    def record(self, name, values, observations=None, activation=None, **options):
        observations = self.observations if observations is None else observations
        self.files[name] = {
            "observations": numpy.asarray(observations).reshape(len(observations), -1).tolist(),
            "values": numpy.asarray(values, numpy.float64).tolist(),
            "map": [f"{key}={value}" for key, value in options.items()],
            "activation": activation,
        }

    def refused(self, name, words):
        self.files[name] = {"words": words, "map": [], "activation": None}

    def write(self):
        (self.folder / "expected.json").write_text(json.dumps(self.files, sort_keys=True) + "\n")
