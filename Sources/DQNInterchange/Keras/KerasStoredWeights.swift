internal import DQNModel

/// Weights without the description of their model, as `save_weights` writes them: layers by name, with kernels as other
/// libraries order them.
struct KerasStoredWeights {
    private(set) var value = ForeignValue.null
    private(set) var facts = NetworkFacts()
    var notes: [String] = []
    private var layers: [(name: String, kernel: ForeignTensor, bias: ForeignTensor?)] = []
    private let file: String
    /// Whether the user says that the last layers are the streams of a dueling head.
    private let isDueling: Bool
    private let options: ImportOptions

    private enum Limit {
        static let layers = 1024
        static let nesting = 8
    }

    static func read(
        _ root: HierarchicalObject, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) -> KerasStoredWeights {
        var weights = KerasStoredWeights(file, options, isDueling: try options.isDueling())
        if let names = try root.splitTexts("layer_names") {
            try weights.readLayers(names, root)
        } else if let group = try root.member("model_weights"), let names = try group.splitTexts("layer_names") {
            try weights.readLayers(names, group)
        } else {
            try weights.readGroup(root, [])
            weights.sort()
        }
        guard !weights.layers.isEmpty else {
            throw .notRepresentable(
                "\(file) has no weights of Keras: neither 'layer_names' nor groups with 'vars'; a checkpoint of this library "
                    + "needs no import.")
        }
        try weights.finish()
        return weights
    }

    private init(_ file: String, _ options: ImportOptions, isDueling: Bool) {
        (self.file, self.options, self.isDueling) = (file, options, isDueling)
    }

    /// Reads the groups of Keras 1 and 2.
    private mutating func readLayers(_ names: [String], _ root: HierarchicalObject) throws(InterchangeError) {
        guard names.count <= Limit.layers else { throw .malformed("\(file) has \(names.count) layers.") }
        for (index, name) in names.enumerated() {
            guard let group = try root.member(at: name) else { throw .malformed("\(file) lacks the layer '\(name)'.") }
            let weightNames = try KerasWeights.names(group)
            guard weightNames.count <= Limit.layers else {
                throw .malformed("\(file) has \(weightNames.count) weights.")
            }
            if weightNames.isEmpty {
                try readEmpty(name, isLast: index == names.count - 1)
                continue
            }
            let kinds = weightNames.map(Self.kind)
            let hasOneLayer = kinds.count { $0 == "kernel" } <= 1
            // The weights of a model within the model follow one another.
            var owner: [(name: String, kinds: [String], tensors: [ForeignTensor])] = []
            for (weight, kind) in zip(weightNames, kinds) {
                let parts = weight.split(separator: "/").dropLast()
                let layer = hasOneLayer || parts.isEmpty ? name : parts.joined(separator: "/")
                if owner.last?.name != layer { owner.append((layer, [], [])) }
                owner[owner.count - 1].kinds.append(kind)
                owner[owner.count - 1].tensors.append(try KerasWeights.tensor(weight, group))
            }
            for layer in owner { try add(layer.name, layer.kinds, layer.tensors) }
        }
    }

    /// The kind of a weight by its name: `kernel` of `dense_1/kernel:0` and of `dense_1_W`.
    private static func kind(_ name: String) -> String {
        let last = name.split(separator: "/").last ?? ""
        let text = String(last.prefix { $0 != ":" })
        for kind in ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "recurrent_kernel"] {
            guard text.hasPrefix(kind) else { continue }
            // A number that makes the name unique.
            if text.dropFirst(kind.count).allSatisfy({ $0 == "_" || $0.isNumber }) { return kind }
        }
        if text.hasSuffix("_W") { return "kernel" }
        if text.hasSuffix("_b") { return "bias" }
        return text
    }

    /// A layer without weights, of which the name may say what it does.
    private mutating func readEmpty(_ name: String, isLast: Bool) throws(InterchangeError) {
        let kind = String(name.reversed().drop { $0.isNumber || $0 == "_" }.reversed())
        let refused = [
            "leaky_re_lu", "p_re_lu", "thresholded_re_lu", "max_pooling2d", "average_pooling2d",
            "global_average_pooling2d", "global_max_pooling2d", "zero_padding2d", "subtract", "add", "concatenate",
            "softmax", "selu", "rescaling",
        ]
        if kind == "lambda", isDueling { return }
        if kind == "lambda", isLast, try splitJoined() { return }
        guard kind != "lambda" else {
            throw .notRepresentable(
                "'\(name)' of \(file) is a Lambda, a function of Python, which is never run; if it joins the streams of a dueling "
                    + "head as Q = V + A − mean(A), say so with --map head=dueling.")
        }
        // A name such as 'elu' says more than what is assumed of layers whose activation nobody gives.
        let saysActivation =
            kind == "swish"
            || NetworkArchitecture.Activation(rawValue: kind).map { ![.identity, .relu].contains($0) } ?? false
        guard
            !saysActivation || options.activation != nil
                || options.map.keys.contains(where: { $0.hasSuffix(".activation") })
        else {
            throw .ambiguous(
                "'\(name)' of \(file) is by its name the activation '\(kind)', and weights alone do not say of which layer; "
                    + "set it with --activation \(kind == "swish" ? "silu" : kind) or --map layers.0.activation=….")
        }
        let isAllowed =
            isDueling && ["add", "subtract"].contains(kind)
            || kind == "rescaling" && options.map["input_scale"] != nil
        guard !refused.contains(kind) || isAllowed else {
            throw .notRepresentable(
                "'\(name)' of \(file) is a layer whose settings are not among weights; import the whole model, as "
                    + "model.save('model.h5') writes it.")
        }
    }

    /// Splits the last layer if it is that of keras-rl's dueling networks: a Lambda is behind a layer with one output more
    /// than the linear one before it has.
    private mutating func splitJoined() throws(InterchangeError) -> Bool {
        guard layers.count >= 2, let last = layers.last, case let linear = layers[layers.count - 2],
            last.kernel.shape.count == 2, linear.kernel.shape.count == 2,
            last.kernel.shape[0] == linear.kernel.shape[0] + 1
        else { return false }
        try split(last)
        facts.layersWithoutActivation = [linear.name.replacing("/", with: ".")]
        notes.append(
            "'\(last.name)' has the value and the advantages of keras-rl's dueling networks; its Lambda is not run, and is "
                + "taken for keras-rl's 'avg'.")
        return true
    }

    /// Makes the streams of a dueling head of the last layers, as the user says: of two of which one has one output, or of
    /// one whose first output is the value.
    private mutating func joinStreams() throws(InterchangeError) {
        guard let last = layers.last, facts.layersWithoutActivation.isEmpty else { return }
        let isPair =
            layers.count > 1 && layers[layers.count - 2].kernel.shape.dropFirst() == last.kernel.shape.dropFirst()
            && (layers[layers.count - 2].kernel.shape[0] == 1) != (last.kernel.shape[0] == 1)
        if isPair {
            for index in layers.indices.suffix(2) {
                layers[index].name += layers[index].kernel.shape[0] == 1 ? "/value" : "/advantage"
            }
        } else if try splitJoined() == false {
            try split(last)
        }
    }

    /// Splits the last layer into the value, its first output, and the advantages.
    private mutating func split(
        _ last: (name: String, kernel: ForeignTensor, bias: ForeignTensor?)
    ) throws(InterchangeError) {
        let words = "'\(last.name)' of \(file)"
        let shape = last.kernel.shape
        guard shape.count == 2, shape[0] > 1, last.bias.map({ $0.shape == [shape[0]] }) ?? true else {
            throw .notRepresentable("\(words) has no value and advantages: it is \(shape).")
        }
        layers.removeLast()
        let kernel = last.kernel.floats
        let bias = last.bias?.floats ?? [Float](repeating: 0, count: shape[0])
        layers.append(
            (
                "\(last.name)/value", try ForeignTensor(Array(kernel[..<shape[1]]), [1, shape[1]], words),
                try ForeignTensor([bias[0]], [1], words)
            ))
        layers.append(
            (
                "\(last.name)/advantage",
                try ForeignTensor(Array(kernel[shape[1]...]), [shape[0] - 1, shape[1]], words),
                try ForeignTensor(Array(bias.dropFirst()), [shape[0] - 1], words)
            ))
    }

    /// Reads the groups of Keras 3, which have their weights in `vars`.
    private mutating func readGroup(_ group: HierarchicalObject, _ path: [String]) throws(InterchangeError) {
        guard path.count <= Limit.nesting, layers.count <= Limit.layers else {
            throw .malformed("\(file) has too many groups within groups.")
        }
        let tensors = try KerasWeights.variables(of: group)
        if !tensors.isEmpty {
            let name = path.joined(separator: "/")
            switch tensors.map(\.shape.count) {
            case [2], [4]: try add(name, ["kernel"], tensors)
            case [2, 1], [4, 1]: try add(name, ["kernel", "bias"], tensors)
            case let ranks: try add(name, ranks.map { "a weight with \($0) axes" }, tensors)
            }
        } else if let name = path.last, try group.member("vars") != nil {
            try readEmpty(name, isLast: false)
        }
        for name in try group.names() where !["vars", "optimizer", "metrics", "compile_metrics"].contains(name) {
            guard let member = try group.member(name), !member.isDataset else { continue }
            // Random numbers of dropouts.
            if name.hasPrefix("seed_generator") { continue }
            try readGroup(member, path + [name])
        }
    }

    /// Whether a layer without a bias is an embedding by its name, whose weights stay as they are.
    private static func isTable(_ name: String) -> Bool {
        (name.split(separator: "/").last ?? "").lowercased().contains("emb")
    }

    private mutating func add(
        _ name: String, _ kinds: [String], _ tensors: [ForeignTensor]
    ) throws(InterchangeError) {
        let isTable = Self.isTable(name)
        if kinds == ["embeddings"] || kinds == ["kernel"] && isTable, tensors[0].shape.count == 2, tensors[0].count > 0
        {
            layers.append((isTable ? name : name + "/embedding", tensors[0], nil))
            return
        }
        guard kinds == ["kernel"] || kinds == ["kernel", "bias"] || kinds == ["bias", "kernel"],
            let place = kinds.firstIndex(of: "kernel")
        else {
            throw .notRepresentable(
                "'\(name)' of \(file) is a layer with \(kinds.joined(separator: ", ")), of which weights alone do not say "
                    + "enough; import the whole model, as model.save('model.keras') writes it.")
        }
        let kernel = tensors[place]
        let words = "'\(name)' of \(file)"
        guard kernel.shape.count == 2 || kernel.shape.count == 4, kernel.count > 0 else {
            throw .notRepresentable(
                "\(words) is a layer with a kernel of \(kernel.shape), which networks here do not have.")
        }
        if let bias = tensors.count == 2 ? tensors[1 - place] : nil, kernel.shape.count == 4,
            bias.shape != [kernel.shape[3]], bias.shape == [kernel.shape[0]]
        {
            throw .notRepresentable(
                "\(words) has a kernel in the order of Theano; save it with Keras 2 and TensorFlow.")
        }
        guard tensors.allSatisfy({ [.float16, .bfloat16, .float32, .float64].contains($0.element) }) else {
            throw .notRepresentable("\(words) has weights that are no floating-point numbers.")
        }
        layers.append((name, try Self.outputsFirst(kernel, words), tensors.count == 2 ? tensors[1 - place] : nil))
    }

    /// Moves the outputs of a kernel to the front, and the inputs behind them.
    private static func outputsFirst(_ kernel: ForeignTensor, _ words: String) throws(InterchangeError) -> ForeignTensor
    {
        try ForeignTensor(
            ForeignTensor.outputsFirst(kernel.floats, kernel.shape),
            kernel.shape.suffix(2).reversed() + kernel.shape.dropLast(2), words)
    }

    /// Puts layers in the order of their names, or in the only one in which each takes what the one before it gives.
    private mutating func sort() {
        layers.sort { NaturalOrder.precedes($0.name, $1.name) }
        facts.isOrderedByName = true
        let modules = layers.indices.map { place in
            var module = ForeignModule(path: [String(place)])
            module.weight = layers[place].kernel
            if layers[place].bias == nil, Self.isTable(layers[place].name) { module.order = .outputsLast }
            return module
        }
        guard !NetworkPlan.isChain(modules) else { return }
        let found = NetworkPlan.orders(modules)
        guard found.count == 1 else { return }
        layers = found[0].compactMap { module in module.path.first.flatMap { Int($0) }.map { layers[$0] } }
        notes.append("The layers are in the only order in which they fit together.")
    }

    private mutating func finish() throws(InterchangeError) {
        if isDueling { try joinStreams() }
        facts.areChannelsLast = true
        var members: [(key: String, value: ForeignValue)] = []
        for layer in layers {
            members.append(("\(layer.name)/weight", .tensor(layer.kernel)))
            if let bias = layer.bias { members.append(("\(layer.name)/bias", .tensor(bias))) }
        }
        if layers.contains(where: { $0.kernel.shape.count == 4 }) {
            notes.append("Images are assumed to have their channels last in Keras, as by default.")
        }
        value = .dictionary(members)
    }
}

extension ForeignTensor {
    /// A tensor of numbers in memory.
    init(_ values: [Float], _ shape: [Int], _ words: String) throws(InterchangeError) {
        let bytes = values.withUnsafeBytes { Array($0) }
        try self.init(.float32, shape, bytes[...], words)
    }
}
