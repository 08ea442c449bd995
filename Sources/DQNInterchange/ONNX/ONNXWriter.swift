internal import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
internal import Foundation

/// Writes a policy as a model in the Open Neural Network Exchange format: opset 17, tensors within the file.
struct ONNXWriter {
    /// The version of the operators, the first with layer normalisations; and of the format that came with it.
    private static let (opset, version) = (17, 8)
    /// Readers of Protocol Buffers take no larger messages.
    private static let byteLimit = (1 << 31) - 1
    /// The numbers of types.
    enum Element: Int {
        case float32 = 1
        case uint8 = 2
        case int64 = 7
    }

    let policy: PolicyExport
    private(set) var nodes = ProtocolBufferWriter()
    private(set) var tensors = ProtocolBufferWriter()
    private(set) var outputs = ProtocolBufferWriter()
    private var nodeCount = 0
    private var tensorNames: Set<String> = []
    var network: NetworkArchitecture { policy.architecture }

    /// Returns a file.
    ///
    /// - Parameter choosesAction: Whether the graph also has the greedy action as an output.
    /// - Throws: ``InterchangeError`` (`notRepresentable`) for more than 2 GiB; `CheckpointError` (`invalidState`).
    static func file(_ policy: PolicyExport, choosesAction: Bool) throws -> Data {
        guard policy.parameters.count < (byteLimit - 1 << 26) / 4 else {
            throw InterchangeError.notRepresentable(
                "The policy has \(policy.parameters.count) parameters; ONNX files of more than 2 GiB cannot be read. "
                    + "Export to .safetensors instead.")
        }
        var writer = ONNXWriter(policy: policy)
        writer.addNetwork(choosesAction: choosesAction)
        return try writer.file(choosesAction)
    }

    private init(policy: PolicyExport) { self.policy = policy }

    private func file(_ choosesAction: Bool) throws -> Data {
        var graph = nodes
        graph.add(2, "policy")
        graph.append(tensors)
        graph.add(11) { input in
            Self.addPort(
                &input, "observations", network.input.element == .uint8 ? .uint8 : .float32, network.input.shape)
        }
        graph.append(outputs)
        var model = ProtocolBufferWriter()
        model.add(1, Self.version)
        model.add(2, Writer.current.name)
        model.add(3, Writer.current.version)
        model.add(7, graph.bytes)
        model.add(8) { $0.add(2, Self.opset) }
        for (key, value) in try properties(choosesAction) {
            model.add(14) { entry in
                entry.add(1, key)
                entry.add(2, value)
            }
        }
        return Data(model.bytes)
    }

    /// What people and programs that do not read the description need to know.
    private func properties(_ choosesAction: Bool) throws -> [(String, String)] {
        let values =
            switch network.head {
            case .actionValues, .dueling: "the index of the largest of q_values"
            case .quantiles: "the index of the largest of q_values, the means of quantiles"
            case .actorCritic: "the index of the largest of logits; softmax(logits) are the policy's probabilities"
            }
        let frames = policy.frameStack
        let shape = network.input.shape.map(String.init).joined(separator: ", ")
        return [
            ("action_selection", values + (choosesAction ? ", which is action" : "")),
            ("environment", policy.environment), ("frame_stack", String(frames)),
            (
                "observations",
                "\(network.input.element.rawValue) [\(shape)] as the environment gives them, without scaling"
                    + (frames > 1 ? "; \(frames) frames, the oldest first" : "")
            ),
            (PolicyExport.descriptionKey, String(decoding: try policy.document.text(), as: UTF8.self)),
        ]
    }

    // MARK: Parts of the graph

    /// An attribute of a node.
    enum Attribute {
        case integer(Int)
        case integers([Int])
        case float(Float)
    }

    /// Adds a node and returns the name of its first output.
    @discardableResult
    mutating func node(
        _ operation: String, _ inputs: [String], _ outputNames: [String], _ attributes: [(String, Attribute)] = []
    ) -> String {
        nodes.add(1) { node in
            for input in inputs { node.add(1, input) }
            for output in outputNames { node.add(2, output) }
            node.add(3, outputNames[0])
            node.add(4, operation)
            for (name, attribute) in attributes {
                node.add(5) { message in
                    message.add(1, name)
                    switch attribute {
                    case .float(let value):
                        message.add(2, value)
                        message.add(20, 1)
                    case .integer(let value):
                        message.add(3, value)
                        message.add(20, 2)
                    case .integers(let values):
                        message.add(8, values)
                        message.add(20, 7)
                    }
                }
            }
        }
        return outputNames[0]
    }

    /// Adds a tensor of binary32 numbers once and returns its name.
    @discardableResult
    mutating func tensor(_ name: String, _ shape: [Int], _ values: ArraySlice<Float>) -> String {
        var bytes = Data(capacity: 4 * values.count)
        bytes.append(littleEndian: values)
        return tensor(name, .float32, shape, bytes)
    }

    /// Adds a tensor of integers and returns its name.
    mutating func tensor(_ name: String, integers: [Int]) -> String {
        let bytes = integers.flatMap { integer in (0..<8).map { UInt8(truncatingIfNeeded: integer >> (8 * $0)) } }
        return tensor(name, .int64, [integers.count], Data(bytes))
    }

    private mutating func tensor(_ name: String, _ element: Element, _ shape: [Int], _ bytes: Data) -> String {
        guard tensorNames.insert(name).inserted else { return name }
        tensors.add(5) { tensor in
            tensor.add(1, shape)
            tensor.add(2, element.rawValue)
            tensor.add(8, name)
            tensor.add(9, bytes)
        }
        return name
    }

    /// Adds an output of the graph. The number of observations is the first of its axes.
    mutating func output(_ name: String, _ element: Element, _ shape: [Int]) {
        outputs.add(12) { Self.addPort(&$0, name, element, shape) }
    }

    private static func addPort(
        _ port: inout ProtocolBufferWriter, _ name: String, _ element: Element, _ shape: [Int]
    ) {
        port.add(1, name)
        port.add(2) { type in
            type.add(1) { tensor in
                tensor.add(1, element.rawValue)
                tensor.add(2) { axes in
                    axes.add(1) { $0.add(2, "batch") }
                    for extent in shape { axes.add(1) { $0.add(1, extent) } }
                }
            }
        }
    }
}
