"""Exports checkpoints as ONNX and checks what came out.

usage: PYTHON Fixtures/scripts/check_onnx.py DQN_CHECKPOINT FILE.h5…

DQN_CHECKPOINT is the built program. PYTHON needs onnx, onnxruntime, h5py and numpy. Each model passes onnx's checker with
shape inference. On 10,000 random observations its Q-values or logits equal those of the Python module `swift_dqn` within
1e-5 of the largest one, or of 1, and so do state values; the output `action` is the index of the
largest of the model's own values, and the greedy actions of both are equal, except where the two largest values are closer
than that; how often they differ there is printed. The model comes back as the same checkpoint, parameter for parameter.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Python" / "src"))
import swift_dqn

COUNT = 10_000


def observations(policy, generator):
    shape = tuple(policy.network.input_shape)
    count = COUNT if numpy.prod(shape) < 1000 else 256
    for start in range(0, COUNT, count):
        size = min(count, COUNT - start)
        if policy.network.element == "uint8":
            yield generator.integers(0, 256, (size, *shape), dtype=numpy.uint8)
        else:
            yield generator.normal(size=(size, *shape)).astype(numpy.float32)


def check(program, path, folder):
    model, copy = f"{folder}/policy.onnx", f"{folder}/copy.h5"
    subprocess.run([program, "export", path, model, "--argmax", "--force"], check=True, stdout=subprocess.DEVNULL)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    policy = swift_dqn.load(path).policy
    generator = numpy.random.default_rng(1)
    largest, equal, ties, seen = 0.0, 0, 0, 0
    for batch in observations(policy, generator):
        found = dict(zip(names, session.run(None, {"observations": batch})))
        values = policy.q_values(batch)
        pairs = [(found["logits" if "logits" in found else "q_values"], values)]
        if "value" in found:
            pairs.append((found["value"][:, 0], policy.state_values(batch)))
        for mine, theirs in pairs:
            largest = max(largest, float(numpy.max(numpy.abs(mine - theirs)) / max(1, numpy.max(numpy.abs(theirs)))))
        # Values that are closer than both computations are exact have no order.
        ordered = numpy.sort(values, axis=1)
        clear = numpy.ones(len(values), bool) if values.shape[1] == 1 else ordered[:, -1] - ordered[:, -2] > 1e-5 * max(1, numpy.max(numpy.abs(values)))
        same = found["action"] == values.argmax(axis=1)
        equal += int(numpy.sum(same))
        ties += int(numpy.sum(~same & ~clear))
        assert (found["action"] == pairs[0][0].argmax(axis=1)).all()
        seen += len(values)
    assert largest < 1e-5 and equal + ties == seen == COUNT, (path, largest, equal, ties)
    subprocess.run([program, "import", model, copy, "--force"], check=True, stdout=subprocess.DEVNULL)
    again = swift_dqn.load(copy).policy
    for name, array in policy.parameters.items():
        assert array.tobytes() == again.parameters[name].tobytes(), (path, name)
    print(f"{path}: {policy.network.head}, largest difference {largest:.1e}, {equal} equal actions, {ties} differ among equals")


with tempfile.TemporaryDirectory() as folder:
    for path in sys.argv[2:]:
        check(sys.argv[1], path, folder)
