"""Makes Fixtures/interchange/keras: small models of Keras, and what they compute.

usage: PYTHON Fixtures/scripts/make_keras_files.py

PYTHON needs requirements-keras.txt (Keras 3, and Keras 2 as tf-keras); tests need none of it. `expected.json`
holds for each file observations, channels first, and the outputs that the model has for them in Keras.
"""

import json
import os
import pathlib
import shutil

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy
import tensorflow
import tf_keras
from keras import layers

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "interchange" / "keras"
shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir()
keras.utils.set_random_seed(1)
random = numpy.random.default_rng(1)
expected = {}


def shaken(model):
    """Gives biases, means and variances values other than 0 and 1."""
    for weight in model.weights:
        values = numpy.array(weight)
        if values.ndim == 1:
            weight.assign(values + random.uniform(0.1, 0.6, values.shape).astype("float32"))
    return model


def record(name, model, observations, inputs=None, others=()):
    """Records outputs; `inputs` are the observations as the model takes them."""
    given = observations if inputs is None else inputs
    values = model.predict_on_batch([given, *others] if others else given)
    if isinstance(values, (list, tuple)):
        values = numpy.concatenate(values, axis=1)
    values = numpy.reshape(values, (len(observations), -1))
    expected[name] = {
        "observations": numpy.reshape(observations, (len(observations), -1)).tolist(),
        "values": values.tolist(),
    }


vectors = random.normal(size=(4, 4)).astype("float32")
pixels = random.integers(0, 256, (3, 2, 11, 13)).astype("float32")
last = pixels.transpose(0, 2, 3, 1)

# Chains of dense layers in each format of Keras 3, with what does nothing when a network acts.
chain = shaken(
    keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation="tanh"),
            layers.Dropout(0.2),
            layers.Dense(5),
            layers.ReLU(),
            layers.Dense(2, use_bias=False),
        ]
    )
)
for name in ["chain.keras", "chain.h5"]:
    chain.save(FOLDER / name)
    record(name, chain, vectors)

plain = shaken(
    keras.Sequential(
        [layers.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(5, activation="relu"), layers.Dense(2)]
    )
)
plain.save_weights(FOLDER / "plain.weights.h5")
record("plain.weights.h5", plain, vectors)

# Keras 2: a whole model without an input layer, and weights alone.
older = shaken(
    tf_keras.Sequential(
        [
            tf_keras.layers.Dense(7, activation="elu", input_dim=4),
            tf_keras.layers.Dense(5, activation=tensorflow.nn.swish),
            tf_keras.layers.Dense(3, activation="linear"),
        ]
    )
)
older.compile(loss="mse", optimizer="adam")
older.save(FOLDER / "keras2.h5")
record("keras2.h5", older, vectors)
older_plain = shaken(
    tf_keras.Sequential(
        [
            tf_keras.layers.Dense(6, activation="relu", input_shape=(4,)),
            tf_keras.layers.Dense(5, activation="relu"),
            tf_keras.layers.Dense(2),
        ]
    )
)
older_plain.save_weights(FOLDER / "keras2-weights.h5")
record("keras2-weights.h5", older_plain, vectors)
older.save(FOLDER / "keras2.keras", save_format="keras")
record("keras2.keras", older, vectors)

# Normalisations: of the input, behind linear layers, before dense layers, over layers with another epsilon.
norm = layers.Normalization()
norm.adapt(random.normal(3, 2, (64, 4)).astype("float32"))
normalized = shaken(
    keras.Sequential(
        [
            layers.Input((4,)),
            norm,
            layers.Dense(6),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.BatchNormalization(scale=False),
            layers.Dense(8, activation="relu"),
            layers.LayerNormalization(),
            layers.Dense(6),
            layers.LayerNormalization(epsilon=1e-5, center=False),
            layers.Activation("sigmoid"),
            layers.Dense(3),
            layers.BatchNormalization(),
        ]
    )
)
norm.finalize_state()
normalized.save(FOLDER / "normalized.keras")
record("normalized.keras", normalized, vectors)
normalized.save(FOLDER / "normalized.h5")
record("normalized.h5", normalized, vectors)

# Images with their channels last: unequal padding, dilation, a normalisation before and behind, poolings.
images = shaken(
    keras.Sequential(
        [
            layers.Input((11, 13, 2)),
            layers.Rescaling(1 / 255, offset=-0.5),
            layers.Conv2D(3, (4, 3), strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.ZeroPadding2D(((1, 0), (0, 2))),
            layers.Conv2D(4, 2, dilation_rate=(2, 1), activation="tanh"),
            layers.MaxPooling2D((2, 2), strides=1),
            layers.BatchNormalization(),
            layers.Conv2D(4, 2, activation="relu"),
            layers.Flatten(),
            layers.Dense(6, activation="gelu"),
            layers.Dense(3),
        ]
    )
)
images.save(FOLDER / "images.keras")
record("images.keras", images, pixels, last)

# As keras-rl's example for Atari: frames first, then moved to the end.
frames = shaken(
    tf_keras.Sequential(
        [
            tf_keras.layers.Permute((2, 3, 1), input_shape=(2, 11, 13)),
            tf_keras.layers.Conv2D(3, (3, 3), strides=(2, 2)),
            tf_keras.layers.Activation("relu"),
            tf_keras.layers.AveragePooling2D(),
            tf_keras.layers.Flatten(),
            tf_keras.layers.Dense(5),
            tf_keras.layers.Activation("relu"),
            tf_keras.layers.Dense(2),
            tf_keras.layers.Activation("linear"),
        ]
    )
)
frames.save(FOLDER / "frames.h5")
# The file does not say that pixels are divided.
record("frames.h5", frames, pixels, pixels / numpy.float32(255))

# Weights alone of Mnih's kernels, whose dense layer takes images with their channels last.
mnih = shaken(
    keras.Sequential(
        [
            layers.Input((40, 36, 2)),
            layers.Conv2D(2, 8, strides=4, activation="relu"),
            layers.Conv2D(3, 4, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(4, activation="relu"),
            layers.Dense(2),
        ]
    )
)
mnih.save_weights(FOLDER / "mnih.weights.h5")
screen = random.integers(0, 256, (2, 2, 40, 36)).astype("float32")
record("mnih.weights.h5", mnih, screen, screen.transpose(0, 2, 3, 1) / numpy.float32(255))

# Dueling heads: the operations of Keras 3, functions of TensorFlow in Keras 2, and Lambdas.
inputs = layers.Input((4,))
hidden = layers.Dense(6, activation="relu")(inputs)
value = layers.Dense(1)(layers.Dense(5, activation="relu")(hidden))
advantage = layers.Dense(3)(layers.Dense(4, activation="tanh")(hidden))
dueling = keras.Model(inputs, value + (advantage - keras.ops.mean(advantage, axis=1, keepdims=True)))
shaken(dueling).save(FOLDER / "dueling.keras")
record("dueling.keras", dueling, vectors)

inputs = tf_keras.Input((4,))
hidden = tf_keras.layers.Dense(6, activation="relu")(inputs)
value = tf_keras.layers.Dense(1)(hidden)
advantage = tf_keras.layers.Dense(3)(hidden)
mean = tensorflow.reduce_mean(advantage, axis=1, keepdims=True)
sums = tf_keras.layers.Add()([value, tf_keras.layers.Subtract()([advantage, mean])])
dueling = tf_keras.Model(inputs, sums)
shaken(dueling).save(FOLDER / "dueling.h5")
record("dueling.h5", dueling, vectors)

mean = tf_keras.layers.Lambda(lambda a: a - tensorflow.reduce_mean(a, axis=1, keepdims=True))(advantage)
lambdas = tf_keras.Model(inputs, tf_keras.layers.Add()([value, mean]))
lambdas.save(FOLDER / "lambda.h5")
record("lambda.h5", lambdas, vectors)
lambdas.save_weights(FOLDER / "lambda-weights.h5")
expected["lambda-weights.h5"] = expected["lambda.h5"]

# A value added to the advantages without their mean.
inputs = layers.Input((4,))
hidden = layers.Dense(6, activation="relu")(inputs)
left, right = (
    layers.Dense(3, activation="relu")(layers.Dense(size, activation="tanh")(hidden)) for size in (5, 4)
)
sums = shaken(keras.Model(inputs, layers.Add()([layers.Dense(1)(left), layers.Dense(3)(right)])))
sums.save(FOLDER / "sum.keras")
record("sum.keras", sums, vectors)
sums = shaken(keras.Model(inputs, layers.Add()([layers.Dense(3)(hidden), layers.Dense(1)(hidden)])))
sums.save(FOLDER / "sum.h5")
record("sum.h5", sums, vectors)

# keras-rl's dueling network: the last layer and one with one output more, joined by a Lambda.
base = [
    tf_keras.layers.Flatten(input_shape=(1, 4)),
    tf_keras.layers.Dense(6),
    tf_keras.layers.Activation("relu"),
    tf_keras.layers.Dense(2),
    tf_keras.layers.Activation("linear"),
]
kerasrl = tf_keras.Sequential(base)
joined = tf_keras.layers.Dense(3, activation="linear")(kerasrl.layers[-2].output)
output = tf_keras.layers.Lambda(
    lambda a: a[:, :1] + a[:, 1:] - tensorflow.reduce_mean(a[:, 1:], axis=1, keepdims=True), output_shape=(2,)
)(joined)
kerasrl = shaken(tf_keras.Model(kerasrl.input, output))
kerasrl.save_weights(FOLDER / "dqn_CartPole-v0_weights.h5f", save_format="h5")
record("dqn_CartPole-v0_weights.h5f", kerasrl, vectors, vectors[:, None])
kerasrl.save(FOLDER / "keras-rl.h5")
record("keras-rl.h5", kerasrl, vectors, vectors[:, None])

# A mask of the actions as second input; a scale of the input as a Lambda.
inputs = tf_keras.Input((4,))
mask = tf_keras.Input((3,))
scaled = tf_keras.layers.Lambda(lambda x: x / 4.0)(inputs)
masked = tf_keras.layers.Multiply()(
    [tf_keras.layers.Dense(3)(tf_keras.layers.Dense(6, activation="relu")(scaled)), mask]
)
masked = shaken(tf_keras.Model([inputs, mask], masked))
masked.save(FOLDER / "masked.h5")
record("masked.h5", masked, vectors, others=[numpy.ones((4, 3), "float32")])

# A model within a model; a policy and a value; outputs behind a softmax.
inner = keras.Sequential([layers.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(5, activation="relu")])
inputs = layers.Input((4,))
nested = shaken(keras.Model(inputs, layers.Dense(2)(layers.Dense(4, activation="silu")(inner(inputs)))))
for name in ["nested.keras", "nested.h5"]:
    nested.save(FOLDER / name)
    record(name, nested, vectors)

inputs = layers.Input((4,))
hidden = layers.Dense(6, activation="relu")(inputs)
logits = layers.Dense(3)
critic = shaken(keras.Model(inputs, [layers.Softmax()(logits(hidden)), layers.Dense(1)(hidden)]))
critic.save(FOLDER / "actor-critic.keras")
record("actor-critic.keras", keras.Model(inputs, [logits.output, critic.outputs[1]]), vectors)

# A class of somebody's program in an archive: its layers are found by their weights.
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(6, activation="relu")
        self.again = layers.Dense(5, activation="relu")
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.again(self.first(x)))


own = Network()
own(vectors)
shaken(own).save(FOLDER / "own.keras")
record("own.keras", own, vectors)

# Attributes that Keras splits because they are long, compressed chunks, half precision.
with h5py.File(FOLDER / "keras2-weights.h5") as source, h5py.File(FOLDER / "split.h5", "w") as target:
    names = [name.decode() if isinstance(name, bytes) else name for name in source.attrs["layer_names"]]
    target.attrs["layer_names0"] = [name.encode() for name in names[:2]]
    target.attrs["layer_names1"] = names[2:]
    for name in names:
        group = target.create_group(name)
        for index, weight in enumerate(source[name].attrs["weight_names"]):
            group.attrs[f"weight_names{index}"] = [weight]
            values = source[name][weight][()]
            group.create_dataset(
                weight, data=values, chunks=tuple(min(4, extent) for extent in values.shape), compression="gzip", shuffle=True
            )
expected["split.h5"] = expected["keras2-weights.h5"]

# What is refused by name.
def refused(name, *items):
    keras.Sequential([layers.Input((4,)), *items]).save(FOLDER / name)


refused("leaky.keras", layers.Dense(5), layers.LeakyReLU(), layers.Dense(2))
refused("softmax.keras", layers.Dense(5, activation="relu"), layers.Dense(2, activation="softmax"))
refused("recurrent.keras", layers.Reshape((1, 4)), layers.LSTM(3), layers.Dense(2))

(FOLDER / "expected.json").write_text(json.dumps(expected, sort_keys=True) + "\n")
