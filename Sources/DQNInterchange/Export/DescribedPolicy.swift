internal import DQNCheckpoint
internal import DQNModel

/// A policy in a file that this library has written: its description says what the network is.
struct DescribedPolicy {
    /// The description.
    let document: PolicyDocument
    /// The network, with exactly the parameters of the file.
    let network: ImportedNetwork

    /// Reads a policy, or returns `nil` if the file has no description.
    ///
    /// - Parameters:
    ///   - description: The text of the description, if the file has one.
    ///   - value: The arrays by name.
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` or `ambiguous`.
    init?(
        _ description: [UInt8]?, _ value: ForeignValue, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) {
        guard let description else { return nil }
        let document = try Self.document(description, file)
        var value = value
        let names = StableBaselinesNames(value)
        if names.isModel {
            guard let renamed = names.parameters(of: document.architecture) else { return nil }
            value = renamed
        }
        try Self.requireNothing(of: options, file)
        self.init(document: document, network: try Self.network(document.architecture, value, file))
    }

    /// Creates a policy of a description and the network that a model of Keras computes, or returns `nil` if that is no
    /// longer the described one.
    ///
    /// - Throws: ``InterchangeError``: `malformed`, `notRepresentable` or `ambiguous`.
    init?(
        _ description: [UInt8], _ found: ImportedNetwork, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) {
        let document = try Self.document(description, file)
        try Self.requireNothing(of: options, file)
        guard let network = found.written(as: document.architecture) else { return nil }
        self.init(document: document, network: network)
    }

    /// Creates a policy of a description and the network that was found in the same file.
    init(document: PolicyDocument, network: ImportedNetwork) {
        var network = network
        if !document.describes(network.parameters) {
            network.notes.append(
                "The parameters have changed since the file was made; the evaluations of its description are left out.")
        }
        self.document = document
        self.network = network
    }

    /// Reads a description.
    static func document(_ description: [UInt8], _ file: String) throws(InterchangeError) -> PolicyDocument {
        do throws(CheckpointError) { return try PolicyDocument(description) } catch {
            throw InterchangeError(
                code: error.code == .unsupportedVersion ? .notRepresentable : .malformed,
                message: "\(file): \(error.message)", underlying: error)
        }
    }

    /// Refuses options: a description leaves nothing to them.
    static func requireNothing(of options: ImportOptions, _ file: String) throws(InterchangeError) {
        if let key = options.map.keys.min() ?? (options.activation == nil ? nil : "--activation") {
            throw .ambiguous(
                "\(file) describes its own network, which \(key.hasPrefix("--") ? key : "--map \(key)") would change; "
                    + "leave it out.")
        }
    }

    private static func network(
        _ architecture: NetworkArchitecture, _ value: ForeignValue, _ file: String
    ) throws(InterchangeError) -> ImportedNetwork {
        guard case .dictionary(let members) = value else { throw .malformed("\(file) has no arrays.") }
        let layout: ParameterLayout
        do { layout = try ParameterLayout(architecture) } catch { throw .malformed("\(file): \(error.message)") }
        var tensors: [String: ForeignTensor] = [:]
        for case (let key, .tensor(let tensor)) in members { tensors[key] = tensor }
        var parameters: [Float] = []
        for entry in layout.entries {
            let name = entry.name.replacing("/", with: ".")
            guard let tensor = tensors.removeValue(forKey: name) else {
                throw .malformed("\(file) lacks '\(name)', which its description needs.")
            }
            guard tensor.shape == entry.shape else {
                throw .malformed("'\(name)' of \(file) is \(tensor.shape); its description needs \(entry.shape).")
            }
            let values = tensor.floats
            guard values.allSatisfy(\.isFinite) else {
                throw .notRepresentable("'\(name)' of \(file) has values that are not finite.")
            }
            parameters += values
        }
        try check(
            tensors.removeValue(forKey: InputScaling.offsetName), architecture.inputOffset, 0, "input_offset", file)
        let standard: Float = architecture.input.element == .uint8 ? 1 / 255 : 1
        try check(
            tensors.removeValue(forKey: InputScaling.scaleName), architecture.inputScale, standard, "input_scale", file)
        if let other = tensors.keys.min() {
            throw .malformed(
                "\(file) has '\(other)', which its description does not know; leave the array or the description out.")
        }
        return ImportedNetwork(
            architecture: architecture, parameters: parameters, rows: rows(architecture, layout), notes: [])
    }

    /// Refuses arrays that scale observations in another way than the description says.
    private static func check(
        _ tensor: ForeignTensor?, _ described: [Float], _ standard: Float, _ name: String, _ file: String
    ) throws(InterchangeError) {
        guard let values = tensor?.floats else { return }
        guard values == (described.isEmpty ? [standard] : described) else {
            throw .malformed(
                "'\(name)' of \(file) differs from its description; change both, or leave the description out.")
        }
    }

    private static func rows(_ architecture: NetworkArchitecture, _ layout: ParameterLayout) -> [ImportedNetwork.Row] {
        let hidden =
            architecture.trunk.enumerated().map { ("layers/\($0.offset)", $0.element.activation.rawValue) }
            + architecture.streams.flatMap { stream in
                stream.hidden.map { ($0.name, $0.layer.activation.rawValue) } + [(stream.outputName, "identity")]
            }
        return hidden.compactMap { name, activation in
            guard let entry = layout["\(name)/weight"] else { return nil }
            return .init(
                layer: name, shape: entry.shape, activation: activation, source: name.replacing("/", with: "."))
        }
    }
}
