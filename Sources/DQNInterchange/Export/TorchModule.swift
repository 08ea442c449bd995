internal import DQNModel

extension PolicyExport {
    /// Returns the source of a PyTorch module whose `load_state_dict` takes the safetensors file of this policy.
    ///
    /// - Parameter weights: The name of that file.
    package func torchModule(weights: String) -> String { TorchModule(self, weights: weights).text }

    /// Returns the name of the module beside a safetensors file, such as `cart_pole.py` for `cart-pole.safetensors`:
    /// Python imports no other names.
    package static func torchModuleName(besides weights: String) -> String {
        let stem = weights.lowercased().hasSuffix(".safetensors") ? String(weights.dropLast(12)) : weights
        var name = String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        if name.first.map({ $0.isNumber }) ?? true { name = "policy_" + name }
        if PythonNames.reserved.contains(name) || name.allSatisfy({ $0 == "_" }) { name += "_policy" }
        return name + ".py"
    }
}

/// Writes the Python source of a module.
struct TorchModule {
    let policy: PolicyExport
    private let weights: String
    var network: NetworkArchitecture { policy.architecture }

    init(_ policy: PolicyExport, weights: String) {
        self.policy = policy
        self.weights = weights
    }

    /// The whole source.
    var text: String {
        """
        \"""A policy of swift-dqn as a PyTorch module; it needs torch and safetensors.

            policy = Policy.load(WEIGHTS)
            action = policy.act(observation)

        Observations are \(network.input.element.rawValue) of the shape \(network.input.shape) as the environment gives them\
        \(policy.frameStack > 1 ? ", stacked by Frames" : ""): the module scales them itself.
        \"""

        import torch
        from safetensors import safe_open
        from safetensors.torch import load_file, save_file
        from torch import nn
        from torch.nn import functional

        # The file that was written with this one.
        WEIGHTS = \(Self.literal(weights))


        class Policy(nn.Module):
            environment = \(Self.literal(policy.environment))
            frame_stack = \(policy.frameStack)
            input_shape = \(Self.tuple(network.input.shape))
            actions = \(network.actionCount)

            def __init__(self):
                super().__init__()
                self.metadata = None
                # An element x of an observation enters the network as (x - input_offset) * input_scale.
                self.register_buffer("input_offset", torch.zeros(\(scalingShape(policy.inputOffset))))
                self.register_buffer("input_scale", torch.ones(\(scalingShape(policy.inputScale))))
        \(modules.map { "        \($0)" }.joined(separator: "\n"))

            @classmethod
            def load(cls, path):
                policy = cls()
                policy.load_state_dict(load_file(path), strict=True)
                with safe_open(path, "pt") as file:
                    policy.metadata = file.metadata()
                return policy.eval()

            def save(self, path):
                \"""Writes the weights and the description, with which dqn-checkpoint imports the file exactly.\"""
                save_file(self.state_dict(), path, metadata=self.metadata)

            def forward(self, observations):
                \"""\(meaning) for observations [count, *input_shape].\"""
                x = (observations.float() - self.input_offset) * self.input_scale
        \(computation.map { "        \($0)" }.joined(separator: "\n"))

            @torch.no_grad()
            def q_values(self, observations):
                \"""\(valueMeaning) of one observation [actions] or of several [count, actions].\"""
                x = torch.as_tensor(observations, device=self.input_offset.device)
                is_single = x.dim() == len(self.input_shape)
                values = self(x[None] if is_single else x)\(selection)
                return values[0] if is_single else values

            def act(self, observation, mask=None):
                \"""The greedy action; with a mask the best of those whose element is not 0.\"""
                values = self.q_values(observation)
                if mask is not None and any(mask):
                    values = values.masked_fill(torch.as_tensor(mask, device=values.device) == 0, float("-inf"))
                return int(values.argmax())

        """ + frames
    }

    private func scalingShape(_ values: [Float]) -> String {
        values.count == 1 ? "1" : network.input.shape.map(String.init).joined(separator: ", ")
    }

    private var meaning: String {
        switch network.head {
        case .actionValues, .dueling: "Q-values [count, actions]"
        case .actorCritic: "The logits of the actions [count, actions] and the values of the states [count]"
        case .quantiles: "The quantiles of each action's return [count, actions, quantiles]"
        }
    }

    private var valueMeaning: String {
        switch network.head {
        case .actionValues, .dueling: "The Q-values"
        case .actorCritic: "The logits"
        case .quantiles: "The Q-values, means of the quantiles,"
        }
    }

    /// How Q-values come from what `forward` returns.
    private var selection: String {
        switch network.head {
        case .actionValues, .dueling: ""
        case .actorCritic: "[0]"
        case .quantiles: ".mean(dim=2)"
        }
    }

    /// A class that stacks frames, if the network takes several.
    private var frames: String {
        guard policy.frameStack > 1 else { return "" }
        return """


            class Frames:
                \"""The last frames of an episode, joined along the first axis: zeros before its first.\"""

                def __init__(self):
                    self.frames = []

                def reset(self, frame):
                    self.frames = [torch.zeros_like(torch.as_tensor(frame))] * Policy.frame_stack
                    return self.push(frame)

                def push(self, frame):
                    self.frames = [*self.frames[1:], torch.as_tensor(frame)]
                    return torch.stack(self.frames).reshape(Policy.input_shape)

            """
    }

    /// A text as a literal of Python, in ASCII: it may come from a stranger's file.
    static func literal(_ text: String) -> String {
        let characters = text.unicodeScalars.map { scalar -> String in
            if (0x20..<0x7f).contains(scalar.value), scalar != "\"", scalar != "\\" { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        return "\"" + characters.joined() + "\""
    }

    static func tuple(_ extents: [Int]) -> String {
        "(" + extents.map(String.init).joined(separator: ", ") + (extents.count == 1 ? ",)" : ")")
    }
}
