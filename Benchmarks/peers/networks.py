"""The compared networks: layers, multiply-adds, and their PyTorch versions."""

CONVOLUTIONAL = {
    # (outputs, kernel, stride) of each convolution, then the dense layers.
    "nature-cnn": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], [512]),
    "nips-cnn": ([(16, 8, 4), (32, 4, 2)], [256]),
}


def hidden_layers(network):
    """The convolutions and dense layers of a network, by its name."""
    if network.startswith("mlp:"):
        return [], [int(size) for size in network[4:].split(",")]
    return CONVOLUTIONAL[network]


def weight_uses(network, shape, actions):
    """The multiply-adds of each layer's forward pass for one observation, in order."""
    convolutions, dense = hidden_layers(network)
    uses = []
    channels, extent = shape[0], shape[-1]
    for outputs, kernel, stride in convolutions:
        extent = (extent - kernel) // stride + 1
        uses.append(outputs * extent * extent * channels * kernel * kernel)
        channels = outputs
    size = channels * extent * extent if convolutions else shape[0]
    for width in [*dense, actions]:
        uses.append(size * width)
        size = width
    return uses


def update_operations(network, shape, actions, batch, double=False):
    """Floating-point operations of a gradient update: the target's forward pass, the online network's (with Double one
    more), and a backward pass that counts as two forward passes minus the first layer's gradient by its input."""
    uses = weight_uses(network, shape, actions)
    return 2 * batch * ((5 if double else 4) * sum(uses) - uses[0])


def torch_network(network, shape, actions):
    """The network in PyTorch, which takes floats."""
    from torch import nn

    convolutions, dense = hidden_layers(network)
    modules = []
    channels, extent = shape[0], shape[-1]
    for outputs, kernel, stride in convolutions:
        modules += [nn.Conv2d(channels, outputs, kernel, stride), nn.ReLU()]
        channels, extent = outputs, (extent - kernel) // stride + 1
    size = shape[0]
    if convolutions:
        modules.append(nn.Flatten())
        size = channels * extent * extent
    for width in dense:
        modules += [nn.Linear(size, width), nn.ReLU()]
        size = width
    return nn.Sequential(*modules, nn.Linear(size, actions))
