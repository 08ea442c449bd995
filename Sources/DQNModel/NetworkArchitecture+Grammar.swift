extension NetworkArchitecture {
    /// Creates a network with one Q-value per action from its description.
    ///
    /// | description | network |
    /// |---|---|
    /// | `mlp:64,64` | dense layers with these numbers of units |
    /// | `nature-cnn` | conv 32 8×8 stride 4, 64 4×4 stride 2, 64 3×3 stride 1, dense 512 (Mnih 2015) |
    /// | `nips-cnn` | conv 16 8×8 stride 4, 32 4×4 stride 2, dense 256 (Mnih 2013, 2016) |
    /// | `small-cnn` | conv 16 3×3, 32 3×3, dense 128, for board games |
    /// | `conv:16k3s1,32k3s1/fc128` | convolutions (outputs, kernel, stride), then dense layers `fc128,64` |
    ///
    /// - Throws: ``ModelError`` (`invalidArchitecture`) when the description is invalid, and the errors of
    ///   ``init(input:layers:head:)``.
    public init(_ text: String, input: ObservationSpace, actions: Int) throws(ModelError) {
        try self.init(text, input: input, head: .actionValues(actions: actions))
    }

    /// Creates a network from a head and the description of its hidden layers; see ``init(_:input:actions:)``.
    public init(_ text: String, input: ObservationSpace, head: Head) throws(ModelError) {
        try self.init(input: input, layers: try Self.layers(text), head: head)
    }

    /// Parses the description of hidden layers; see ``init(_:input:actions:)``.
    package static func layers(_ text: String) throws(ModelError) -> [Layer] {
        switch text {
        case "nature-cnn": return try layers("conv:32k8s4,64k4s2,64k3s1/fc512")
        case "nips-cnn": return try layers("conv:16k8s4,32k4s2/fc256")
        case "small-cnn": return try layers("conv:16k3s1,32k3s1/fc128")
        default: break
        }
        if text.hasPrefix("mlp:") { return try dense(text.dropFirst(4), of: text) }
        guard text.hasPrefix("conv:") else {
            throw unreadable(
                text, "use mlp:64,64, nature-cnn, nips-cnn, small-cnn or conv:16k3s1/fc128")
        }
        let parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw unreadable(text, "it contains more than one '/'") }
        var layers: [Layer] = []
        for item in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
            let sizes = item.split(whereSeparator: { $0 == "k" || $0 == "s" }).map { Int($0) }
            guard sizes.count == 3, let outputs = sizes[0], let kernel = sizes[1], let stride = sizes[2],
                item == "\(outputs)k\(kernel)s\(stride)"
            else { throw unreadable(text, "write a convolution as 16k3s1, not '\(item)'") }
            layers.append(.convolution(outputs: outputs, kernel: kernel, stride: stride))
        }
        if parts.count == 2 {
            guard parts[1].hasPrefix("fc") else {
                throw unreadable(text, "dense layers after '/' must start with fc, as in fc128")
            }
            layers += try dense(parts[1].dropFirst(2), of: text)
        }
        return layers
    }

    private static func dense(_ list: Substring, of text: String) throws(ModelError) -> [Layer] {
        var layers: [Layer] = []
        for item in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let units = Int(item), units > 0 else {
                throw unreadable(text, "'\(item)' must be a positive number of units")
            }
            layers.append(.dense(units: units))
        }
        return layers
    }

    private static func unreadable(_ text: String, _ why: String) -> ModelError {
        ModelError(code: .invalidArchitecture, message: "Invalid network '\(text)': \(why).")
    }
}
