"""Makes Fixtures/interchange/onnx: small ONNX models of several exporters, and what they compute.

usage: PYTHON Fixtures/scripts/make_onnx_files.py torch|keras

`torch` needs torch, onnxscript, stable_baselines3, gymnasium, onnx, onnxruntime and numpy; `keras` needs tensorflow,
tf2onnx, onnx, onnxruntime and numpy. Tests need none of them. `expected.json` holds for each file observations, in the
order of the file, and what the network has for them in its own library; ONNX Runtime must agree with that.
"""

import json
import os
import pathlib
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange" / "onnx"
FOLDER.mkdir(parents=True, exist_ok=True)
EXPECTED = FOLDER / "expected.json"
expected = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}


def record(name, observations, values, output=0, input_type=numpy.float32):
    """Keeps what a file computes, and checks it in ONNX Runtime, observation by observation if its batch is fixed."""
    path = FOLDER / name
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    port = session.get_inputs()[0]
    rows = []
    for observation in observations:
        batch = observation if len(port.shape) == observation.ndim else observation[None]
        rows.append(numpy.asarray(session.run(None, {port.name: batch.astype(input_type)})[output]).reshape(-1))
    values = numpy.asarray(values, dtype=numpy.float64).reshape(len(observations), -1)
    if values.shape == numpy.shape(rows):
        numpy.testing.assert_allclose(rows, values, rtol=1e-4, atol=1e-5)
    expected[name] = {
        "observations": observations.reshape(len(observations), -1).tolist(), "values": values.tolist()
    }


def torch_files():
    import torch
    from torch import nn

    torch.manual_seed(3)

    def export(name, network, observations, dynamo=False, opset=None, batch=True, fixed=False, values=None, output=0):
        network = network.eval()
        tensor = torch.as_tensor(observations)
        arguments = (tensor[:1] if batch else tensor[0],)
        settings = {"input_names": ["observations"]}
        if opset:
            settings["opset_version"] = opset
        if dynamo:
            if not fixed:
                settings["dynamic_shapes"] = ({0: torch.export.Dim("batch")},)
                arguments = (tensor[:2],)
            settings["external_data"] = False
        elif not fixed and batch:
            settings["dynamic_axes"] = {"observations": {0: "batch"}}
        torch.onnx.export(network, arguments, str(FOLDER / name), dynamo=dynamo, **settings)
        if values is None:
            with torch.no_grad():
                values = [network(row[None] if batch else row).reshape(-1).tolist() for row in tensor]
        record(name, observations, values, output)

    vectors = torch.randn(4, 4).numpy()
    export("torch-mlp.onnx", nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5), nn.ELU(), nn.Linear(5, 2)), vectors)
    export(
        "torch-mlp-fixed.onnx", nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 2)), vectors,
        fixed=True, opset=11)
    export("torch-single.onnx", nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)), vectors, batch=False)
    export(
        "torch-dynamo.onnx", nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 2)),
        vectors, dynamo=True)

    def smooth():
        return nn.Sequential(
            nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 5), nn.LayerNorm(5, eps=1e-3), nn.SiLU(),
            nn.Linear(5, 3))

    with torch.no_grad():
        network = smooth()
        for module in (network[1], network[4]):
            module.weight.normal_()
            module.bias.normal_()
    export("torch-smooth-older.onnx", network, vectors, opset=13)
    export("torch-smooth.onnx", network, vectors, opset=17)
    export("torch-smooth-dynamo.onnx", network, vectors, dynamo=True)

    class Dueling(nn.Module):
        def __init__(self, form):
            super().__init__()
            self.form = form
            self.trunk = nn.Linear(4, 6)
            self.value_hidden = nn.Linear(6, 3)
            self.advantage_hidden = nn.Linear(6, 5)
            self.value = nn.Linear(3, 1)
            self.advantage = nn.Linear(5, 3)
            self.shared = nn.Linear(6, 4)

        def forward(self, x):
            x = torch.relu(self.trunk(x))
            if self.form == "shared":
                y = self.shared(x)
                return y[:, 0].unsqueeze(-1) + y[:, 1:] - y[:, 1:].mean(dim=1, keepdim=True)
            value = self.value(torch.relu(self.value_hidden(x)))
            advantage = self.advantage(torch.relu(self.advantage_hidden(x)))
            if self.form == "all":
                return value + advantage - advantage.mean()
            if self.form == "sum":
                return value + advantage
            if self.form == "expanded":
                value = value.expand(x.size(0), 3)
                return value + advantage - advantage.mean(1).unsqueeze(1).expand(x.size(0), 3)
            return value + (advantage - advantage.mean(dim=1, keepdim=True))

    for form in ("mean", "all", "sum", "shared", "expanded"):
        export(f"torch-dueling-{form}.onnx", Dueling(form), vectors)
    export("torch-dueling-dynamo.onnx", Dueling("mean"), vectors, dynamo=True)

    class Pixels(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(3, 4, (5, 4), stride=(2, 3), padding=(2, 1))
            self.norm = nn.BatchNorm2d(4)
            self.conv2 = nn.Conv2d(4, 5, 3)
            self.fc = nn.Linear(5 * 3 * 2, 6)
            self.out = nn.Linear(6, 3)

        def forward(self, x):
            x = x.float() / 255.0
            x = torch.relu(self.norm(self.conv1(x)))
            x = nn.functional.max_pool2d(x, 2, stride=1, padding=1)
            x = torch.relu(self.conv2(x))
            x = nn.functional.avg_pool2d(x, 2, padding=1)
            x = x.view(x.size(0), -1)
            return self.out(torch.relu(self.fc(x)))

    network = Pixels()
    with torch.no_grad():
        network.norm.running_mean.normal_()
        network.norm.running_var.uniform_(0.5, 2)
        network.norm.weight.normal_()
        network.norm.bias.normal_()
    pixels = torch.randint(0, 256, (3, 3, 11, 13)).float().numpy()
    export("torch-pixels.onnx", network, pixels)
    export("torch-pixels-older.onnx", network, pixels, opset=9)
    export("torch-pixels-dynamo.onnx", network, pixels, dynamo=True)

    # Behind an activation, a batch normalisation becomes a part of the next layer.
    network = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Linear(6, 2), nn.ReLU())
    with torch.no_grad():
        network[2].running_mean.normal_()
        network[2].running_var.uniform_(0.5, 2)
        network[2].weight.normal_()
    export("torch-norm-behind.onnx", network, vectors)

    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))

        def forward(self, x):
            return torch.softmax(self.net(x), dim=-1)

    policy = Policy()
    with torch.no_grad():
        logits = policy.net(torch.as_tensor(vectors))
        logits = torch.cat([logits, torch.zeros(4, 1)], dim=1)
    export("torch-softmax.onnx", policy, vectors, values=logits.tolist())

    class Quantiles(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 10))

        def forward(self, x):
            return self.net(x).view(-1, 5, 2).mean(dim=1)

    export("torch-quantiles.onnx", Quantiles(), vectors)

    import gymnasium
    import stable_baselines3

    class OnnxableSB3Policy(nn.Module):
        """As the documentation of Stable-Baselines3 has it."""

        def __init__(self, policy):
            super().__init__()
            self.policy = policy

        def forward(self, observation):
            return self.policy(observation, deterministic=True)

    model = stable_baselines3.DQN("MlpPolicy", "CartPole-v1", policy_kwargs={"net_arch": [6, 5]}, seed=1, device="cpu")
    with torch.no_grad():
        values = model.q_net(torch.as_tensor(vectors)).tolist()
    export("sb3-dqn.onnx", OnnxableSB3Policy(model.policy), vectors, values=values, opset=17)
    model = stable_baselines3.PPO("MlpPolicy", "CartPole-v1", policy_kwargs={"net_arch": [6, 5]}, seed=1, device="cpu")
    with torch.no_grad():
        tensor = torch.as_tensor(vectors)
        latent = model.policy.mlp_extractor.forward_actor(tensor)
        logits = model.policy.action_net(latent)
        values = torch.cat([logits, model.policy.predict_values(tensor)], dim=1).tolist()
    export("sb3-ppo.onnx", OnnxableSB3Policy(model.policy), vectors, values=values, opset=17)
    made_files(vectors)


def made_files(vectors):
    """Models that a program writes by hand: each way to store numbers, older operators, and odd but harmless nodes."""
    generator = numpy.random.default_rng(5)

    def weights(*shape):
        # Few digits, so that every type holds them.
        return generator.integers(-8, 9, shape).astype(numpy.float32) / 8

    def save(name, nodes, tensors, opset, input_shape=("batch", 4), output_shape=("batch", 3), ir=7, element=1):
        graph = helper.make_graph(
            nodes, "graph", [helper.make_tensor_value_info("x", element, input_shape)],
            [helper.make_tensor_value_info("y", 1, output_shape)], tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
        onnx.save(model, str(FOLDER / name))

    w1, b1, w2, b2 = weights(4, 5), weights(5), weights(5, 3), weights(3)
    values = numpy.maximum(vectors @ w1 + b1, 0) @ w2 + b2

    def typed(name, array, kind):
        if kind == "raw":
            return numpy_helper.from_array(array, name)
        return helper.make_tensor(name, kind, array.shape, array.reshape(-1).tolist())

    for label, kind in (
        ("float", TensorProto.FLOAT), ("half", TensorProto.FLOAT16), ("bfloat16", TensorProto.BFLOAT16),
        ("double", TensorProto.DOUBLE), ("raw", "raw"),
    ):
        nodes, tensors = [], []
        for name, array in (("w1", w1), ("b1", b1), ("w2", w2), ("b2", b2)):
            tensors.append(typed(name, array, kind))
            nodes.append(helper.make_node("Cast", [name], [name + "f"], to=TensorProto.FLOAT))
        nodes += [
            helper.make_node("MatMul", ["x", "w1f"], ["h"]), helper.make_node("Add", ["b1f", "h"], ["hb"]),
            helper.make_node("Clip", ["hb", "zero"], ["r"]),
            helper.make_node("Gemm", ["r", "w2f", "b2f"], ["g"]), helper.make_node("Identity", ["g"], ["y"]),
        ]
        tensors.append(numpy_helper.from_array(numpy.float32(0), "zero"))
        save(f"made-{label}.onnx", nodes, tensors, 13)
        record(f"made-{label}.onnx", vectors, values)

    # Opset 7: attributes where later versions have inputs, constants as nodes, tensors as inputs.
    bound = helper.make_tensor("", TensorProto.FLOAT, (3, 5), w2.T.reshape(-1).tolist())
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["centred"]), helper.make_node("Div", ["centred", "deviation"], ["scaled"]),
        helper.make_node("Gemm", ["scaled", "w1", "b1"], ["h"], alpha=0.5, beta=2.0),
        helper.make_node("Relu", ["h"], ["r"]), helper.make_node("Constant", [], ["wt"], value=bound),
        helper.make_node("Transpose", ["wt"], ["w2"], perm=[1, 0]), helper.make_node("MatMul", ["r", "w2"], ["m"]),
        helper.make_node("Unsqueeze", ["m"], ["u"], axes=[0, 1]), helper.make_node("Squeeze", ["u"], ["s"], axes=[0, 1]),
        helper.make_node("Mul", ["s", "two"], ["y"]),
    ]
    mean, deviation = weights(4), numpy.float32([1, 2, 4, 8])
    tensors = [
        numpy_helper.from_array(array, name)
        for name, array in (
            ("mean", mean), ("deviation", deviation), ("w1", w1), ("b1", b1), ("two", numpy.float32([2]))
        )
    ]
    graph = helper.make_graph(
        nodes, "graph",
        [helper.make_tensor_value_info("x", 1, (1, 4))]
        + [helper.make_tensor_value_info(t.name, 1, list(t.dims)) for t in tensors],
        [helper.make_tensor_value_info("y", 1, (1, 3))], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 7)], ir_version=3), str(FOLDER / "made-opset7.onnx"))
    scaled = (vectors - mean) / deviation
    record("made-opset7.onnx", vectors, 2 * (numpy.maximum(0.5 * scaled @ w1 + 2 * b1, 0) @ w2))

    # Channels last, and paddings that differ between two sides.
    kernel = weights(4, 2, 3, 4)
    dense = weights(4 * 4 * 3, 3)
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=1), helper.make_node("Transpose", ["f"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "k"], ["c"], auto_pad="SAME_UPPER", strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]), helper.make_node("Transpose", ["r"], ["l"], perm=[0, 2, 3, 1]),
        helper.make_node("Shape", ["l"], ["shape"]), helper.make_node("Gather", ["shape", "first"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "open"], ["form"], axis=0), helper.make_node("Reshape", ["l", "form"], ["flat"]),
        helper.make_node("MatMul", ["flat", "d"], ["m"]), helper.make_node("ArgMax", ["m"], ["action"], axis=-1),
        helper.make_node("Identity", ["m"], ["y"]),
    ]
    tensors = [
        numpy_helper.from_array(kernel, "k"), numpy_helper.from_array(dense, "d"),
        numpy_helper.from_array(numpy.int64([0]), "first"), numpy_helper.from_array(numpy.int64([-1]), "open"),
    ]
    graph = helper.make_graph(
        nodes, "graph", [helper.make_tensor_value_info("x", TensorProto.UINT8, ("n", 7, 6, 2))],
        [helper.make_tensor_value_info("y", 1, ("n", 3)), helper.make_tensor_value_info("action", 7, ("n", 1))], tensors)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7),
        str(FOLDER / "made-channels-last.onnx"))
    images = generator.integers(0, 256, (3, 7, 6, 2)).astype(numpy.uint8)
    session = onnxruntime.InferenceSession(str(FOLDER / "made-channels-last.onnx"), providers=["CPUExecutionProvider"])
    record("made-channels-last.onnx", images, session.run(["y"], {"x": images})[0], input_type=numpy.uint8)


def keras_files():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    generator = numpy.random.default_rng(6)

    def export(name, model, observations):
        values = model(observations)
        with tempfile.TemporaryDirectory() as folder:
            model.export(f"{folder}/model.onnx", format="onnx", verbose=False)
            (FOLDER / name).write_bytes(pathlib.Path(f"{folder}/model.onnx").read_bytes())
        record(name, observations, values)

    def randomized(model):
        for layer in model.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.set_weights([numpy.abs(generator.normal(size=w.shape)) + 0.5 for w in layer.get_weights()])
        return model

    vectors = generator.normal(size=(4, 4)).astype(numpy.float32)
    export(
        "keras-mlp.onnx",
        keras.Sequential([
            keras.Input((4,)), layers.Dense(6, activation="relu", bias_initializer="normal"), layers.Dropout(0.3),
            layers.Dense(5, activation="elu", bias_initializer="normal"), layers.Dense(2, bias_initializer="normal"),
        ]), vectors)
    export(
        "keras-window.onnx",
        keras.Sequential([
            keras.Input((1, 4)), layers.Flatten(), layers.Dense(6, activation="sigmoid"), layers.Activation("linear"),
            layers.Dense(5, activation="swish"), layers.Dense(2, activation="linear"),
        ]), vectors.reshape(4, 1, 4))
    export(
        "keras-batch-norm.onnx",
        randomized(keras.Sequential([
            keras.Input((4,)), layers.BatchNormalization(), layers.Dense(6), layers.BatchNormalization(),
            layers.Activation("tanh"), layers.Dense(5, activation="relu"), layers.BatchNormalization(), layers.Dense(2),
        ])), vectors)
    images = generator.integers(0, 256, (3, 20, 18, 2)).astype(numpy.float32)

    def pixels(dueling):
        observation = keras.Input((20, 18, 2))
        x = layers.Rescaling(1 / 255)(observation)
        x = layers.Conv2D(4, 8, strides=4, padding="same", activation="relu", bias_initializer="normal")(x)
        x = layers.Conv2D(5, 3, padding="same", activation="relu", bias_initializer="normal")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Flatten()(x)
        if not dueling:
            return keras.Model(observation, layers.Dense(3)(layers.Dense(6, activation="tanh")(x)))
        value = layers.Dense(1)(layers.Dense(4, activation="relu")(x))
        advantage = layers.Dense(3)(layers.Dense(5, activation="relu")(x))
        return keras.Model(
            observation, value + (advantage - keras.ops.mean(advantage, axis=1, keepdims=True)))

    export("keras-pixels.onnx", pixels(False), images)
    export("keras-dueling-pixels.onnx", pixels(True), images)


{"torch": torch_files, "keras": keras_files}[sys.argv[1]]()
EXPECTED.write_text(
    "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(expected[name])}" for name in sorted(expected)) + "\n}\n")
print(f"{len(expected)} files")
