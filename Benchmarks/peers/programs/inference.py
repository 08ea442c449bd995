"""Times one observation through a checkpoint's policy in PyTorch and in ONNX Runtime, on one thread.

    programs/inference.py CHECKPOINT OBSERVATION [--seconds S]

The observation is a file of bytes, or of floats if the network takes floats. The conversion from bytes to floats is in
the timed call in PyTorch, and in the graph in ONNX Runtime. Prints median seconds and action values of both as JSON.
"""

import argparse
import json
import pathlib
import sys

import h5py
import numpy as np
import onnx
import onnxruntime
import torch
from laps import median_lap
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from networks import hidden_layers, torch_network  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoint")
parser.add_argument("observation")
parser.add_argument("--network", required=True)
parser.add_argument("--seconds", type=float, default=2)
arguments = parser.parse_args()


def read_policy(path):
    """Shape and element type of an observation, and weight and bias of each layer, the head last."""
    with h5py.File(path) as file:
        document = json.loads(file["architecture"][()].tobytes())
        parameters = file["parameters/online"]
        groups = [parameters["layers"][str(index)] for index in range(len(document["layers"]))] + [parameters["head"]]
        layers = [(group["weight"][()], group["bias"][()]) for group in groups]
    return document["input"]["shape"], document["input"]["element"], layers


def onnx_model(shape, element, layers, strides):
    """A graph of the policy that takes one unconverted observation."""
    is_bytes = element == "uint8"
    nodes, constants = [], []
    value = "observation"
    if is_bytes:
        constants.append(numpy_helper.from_array(np.array(1 / 255, np.float32), "scale"))
        nodes += [helper.make_node("Cast", [value], ["float"], to=TensorProto.FLOAT),
                  helper.make_node("Mul", ["float", "scale"], ["scaled"])]
        value = "scaled"
    for index, (weight, bias) in enumerate(layers):
        constants += [numpy_helper.from_array(weight, f"weight{index}"), numpy_helper.from_array(bias, f"bias{index}")]
        operands = [f"weight{index}", f"bias{index}"]
        is_last = index == len(layers) - 1
        output = "values" if is_last else f"sum{index}"
        if weight.ndim == 4:
            nodes.append(helper.make_node("Conv", [value, *operands], [output], strides=[strides[index]] * 2))
        else:
            if index == len(strides) and strides:
                nodes.append(helper.make_node("Flatten", [value], ["flat"]))
                value = "flat"
            nodes.append(helper.make_node("Gemm", [value, *operands], [output], transB=1))
        if not is_last:
            nodes.append(helper.make_node("Relu", [output], [f"rectified{index}"]))
            value = f"rectified{index}"
    kind = TensorProto.UINT8 if is_bytes else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "policy", [helper.make_tensor_value_info("observation", kind, [1, *shape])],
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, [1, len(layers[-1][1])])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


torch.set_num_threads(1)
shape, element, layers = read_policy(arguments.checkpoint)
observation = np.fromfile(arguments.observation, element).reshape(1, *shape)
policy = torch_network(arguments.network, shape, len(layers[-1][1]))
with torch.no_grad():
    for parameter, array in zip(policy.parameters(), [array for layer in layers for array in layer], strict=True):
        parameter.copy_(torch.from_numpy(array))
tensor = torch.from_numpy(observation)


def act_torch():
    with torch.inference_mode():
        return policy(tensor.float() / 255 if tensor.dtype == torch.uint8 else tensor)


options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
strides = [stride for _, _, stride in hidden_layers(arguments.network)[0]]
session = onnxruntime.InferenceSession(
    onnx_model(shape, element, layers, strides), options, providers=["CPUExecutionProvider"])
# The faster of the two ways to call it from Python: arrays, or memory bound in advance.
binding = session.io_binding()
binding.bind_cpu_input("observation", observation)
binding.bind_output("values")
ways = [lambda: session.run(None, {"observation": observation}), lambda: session.run_with_iobinding(binding)]

print(json.dumps({
    "torch": median_lap(arguments.seconds, act_torch),
    "onnxruntime": min(median_lap(arguments.seconds, way) for way in ways),
    "torch_values": act_torch()[0].tolist(),
    "onnxruntime_values": ways[0]()[0][0].tolist(),
}))
