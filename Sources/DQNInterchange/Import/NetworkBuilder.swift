internal import DQNModel

/// Makes a network of this library of a plan.
struct NetworkBuilder {
    private typealias Layer = NetworkArchitecture.Layer
    let plan: NetworkPlan
    private let facts: NetworkFacts
    let options: ImportOptions
    let file: String
    private var rows: [ImportedNetwork.Row] = []
    var notes: [String] = []
    private var modules: [String: ForeignModule] = [:]
    /// The numbers of the layers of a sequence of PyTorch, in order, by the names that lead to it.
    let sequences: [[String]: [Int]]

    static func network(
        _ plan: NetworkPlan, _ facts: NetworkFacts, _ options: ImportOptions, _ file: String
    ) throws(InterchangeError) -> ImportedNetwork {
        var builder = NetworkBuilder(plan: plan, facts: facts, options: options, file: file)
        return try builder.network()
    }

    private init(plan: NetworkPlan, facts: NetworkFacts, options: ImportOptions, file: String) {
        self.plan = plan
        self.facts = facts
        self.options = options
        self.file = file
        notes = facts.notes
        sequences = Dictionary(grouping: plan.modules) { Array($0.path.dropLast()) }.mapValues { layers in
            layers.compactMap { Int($0.path.last ?? "") }.sorted()
        }
    }

    private mutating func network() throws(InterchangeError) -> ImportedNetwork {
        let input = try input()
        var layers: [Layer] = []
        notes += plan.notes
        try addNotesOfModules()
        for (index, module) in plan.trunk.enumerated() {
            let next = index + 1 < plan.trunk.count ? plan.trunk[index + 1] : plan.head
            layers.append(try layer(module, index, "layers/\(index)", before: next))
        }
        var head = NetworkArchitecture.Head.actionValues(actions: plan.outputs)
        guard plan.head != nil || facts.quantiles == 1 else {
            throw .ambiguous(
                "\(file) has two streams of layers, to which --map quantiles does not apply; leave it out.")
        }
        if let module = plan.head {
            add("head", module, "identity")
            if facts.quantiles > 1 {
                guard plan.outputs.isMultiple(of: facts.quantiles) else {
                    let words = "\(file) has \(plan.outputs) outputs for \(facts.quantiles) quantiles"
                    guard options.map["quantiles"] == nil else {
                        throw .ambiguous("\(words); --map quantiles is the number of those of one action.")
                    }
                    throw .malformed("\(words).")
                }
                head = .quantiles(actions: plan.outputs / facts.quantiles, quantiles: facts.quantiles)
                notes.append(
                    "The head has \(facts.quantiles) quantiles of the return for each action; an action's Q-value is "
                        + "their mean.")
            }
        } else if !plan.policy.isEmpty {
            head = .actorCritic(
                actions: plan.outputs,
                streams: .init(policy: try stream(plan.policy, "policy"), value: try stream(plan.value, "value")))
            notes.append("The network is an actor-critic: it acts by its policy's largest logit.")
        } else {
            head = .dueling(
                actions: plan.outputs,
                streams: .init(
                    value: try stream(plan.value, "value"), advantage: try stream(plan.advantage, "advantage")))
            notes.append("The streams are combined as Q = V + A − mean(A), which weights alone do not say.")
        }
        try requireLayers()
        let architecture: NetworkArchitecture
        do {
            let isImage = facts.isImage ?? (plan.trunk.first?.shape.count == 4)
            let scaling = try options.scaling(facts.scaling).normalized(
                isImage: isImage, scalesPixels: facts.scalesPixels)
            architecture = try NetworkArchitecture(
                input: ObservationSpace(shape: input, element: isImage ? .uint8 : .float32),
                inputOffset: scaling.offset, inputScale: scaling.scale, layers: layers, head: head)
            if isImage, facts.scalesPixels, scaling.scale.isEmpty {
                notes.append("Pixels are multiplied by 1/255 before the first layer.")
            }
            return ImportedNetwork(
                architecture: architecture, parameters: try parameters(architecture), rows: rows,
                notes: notes)
        } catch let error as ModelError {
            throw .notRepresentable("The network of \(file) cannot be represented: \(error.message)")
        } catch let error as InterchangeError { throw error } catch { throw .malformed("\(error)") }
    }

    private mutating func input() throws(InterchangeError) -> [Int] {
        guard let first = plan.modules.first else { throw .malformed("\(file) has no layers.") }
        if let input = try options.input() ?? facts.input { return input }
        guard first.shape.count == 4 else { return [first.shape.count == 2 ? first.shape[1] : first.shape[0]] }
        notes.append("The input is assumed to have 84 rows and columns; --map input=CxHxW sets it.")
        return [first.shape[1], 84, 84]
    }

    private mutating func stream(_ modules: [ForeignModule], _ name: String) throws(InterchangeError) -> [Layer] {
        var layers: [Layer] = []
        for (index, module) in modules.dropLast().enumerated() {
            layers.append(try layer(module, nil, "\(name)/layers/\(index)", before: modules[index + 1]))
        }
        if let last = modules.last { add("\(name)/output", last, "identity") }
        return layers
    }

    private mutating func layer(
        _ module: ForeignModule, _ index: Int?, _ name: String, before next: ForeignModule?
    ) throws(InterchangeError) -> Layer {
        let activation = try activation(of: module, index, name, before: next)
        add(name, module, activation.rawValue)
        let shape = module.shape
        switch shape.count {
        case 4:
            let (stride, padding) = try steps(index ?? 0)
            return .convolution(
                outputs: shape[0], kernel: .init(rows: shape[2], columns: shape[3]), stride: .init(stride),
                padding: .init(padding), activation: activation)
        case 2: return .dense(units: shape[0], activation: activation)
        default: return .layerNorm(activation: activation)
        }
    }

    private mutating func activation(
        of module: ForeignModule, _ index: Int?, _ name: String, before next: ForeignModule?
    ) throws(InterchangeError) -> NetworkArchitecture.Activation {
        if let activation = try options.activation(of: name.replacing("/", with: ".")) { return activation }
        if module.isEmbedding { return .identity }
        if let index, facts.layersWithoutActivation.contains(plan.trunk[index].name) { return .identity }
        if let next, let isFollowed = isFollowedByNothing(module, next) {
            if isFollowed == .assumed {
                notes.append(
                    "No activation is assumed between '\(module.name)' and the normalisation '\(next.name)'; --map "
                        + "\(name.replacing("/", with: ".")).activation=relu sets one.")
            }
            return .identity
        }
        if let index, let activation = facts.extractorActivation, plan.trunk[index].path.contains("features_extractor")
        {
            return activation
        }
        if let activation = options.activation ?? facts.activation { return activation }
        let note = "The file does not say the activation; relu is assumed, --activation sets another."
        if !notes.contains(note) { notes.append(note) }
        return .relu
    }

    /// The stride and the padding of a convolution, which its weight does not tell.
    private mutating func steps(_ index: Int) throws(InterchangeError) -> (Int, Int) {
        let padding = try options.number("layers.\(index).padding", 0...4096) ?? 0
        if padding > 0, let part = plan.trunk[index].normalizations.first(where: \.isBefore) {
            throw .notRepresentable(
                "The batch normalisation '\(part.name)' of \(file) cannot be folded into a convolution with padding.")
        }
        if let stride = try options.number("layers.\(index).stride", 1...4096) { return (stride, padding) }
        // Normalisations between convolutions have no strides.
        let place = plan.trunk[..<index].count { $0.shape.count == 4 }
        if let strides = facts.strides, place < strides.count { return (strides[place], padding) }
        // Mnih 2013 and 2015.
        let kernels = plan.trunk.filter { $0.shape.count == 4 }.map { $0.shape[2] }
        guard kernels == [8, 4, 3] || kernels == [8, 4], place < 3 else {
            throw .ambiguous(
                "'\(plan.trunk[index].name)' of \(file) is a convolution, whose stride weights do not tell; set it with "
                    + "--map layers.\(index).stride=1, and its padding with --map layers.\(index).padding=0.")
        }
        notes.append(
            "The stride of layers/\(index) is assumed as in Mnih 2015; --map layers.\(index).stride=… sets it.")
        return ([4, 2, 1][place], padding)
    }

    private mutating func add(_ name: String, _ module: ForeignModule, _ activation: String) {
        rows.append(.init(layer: name, shape: module.shape, activation: activation, source: module.name))
        modules[name] = module
    }

    private func parameters(_ architecture: NetworkArchitecture) throws -> [Float] {
        let layout = try ParameterLayout(architecture)
        guard layout.count <= facts.parameterLimit else {
            throw InterchangeError.notRepresentable(
                "The network of \(file) has \(layout.count) parameters; at most \(facts.parameterLimit) can be imported "
                    + "from a file of its size.")
        }
        let areChannelsLast = facts.areChannelsLast || plan.trunk.contains(where: \.isChannelsLast)
        var parameters: [Float] = []
        parameters.reserveCapacity(layout.count)
        var bias: [Float]?
        for entry in layout.entries {
            let name = entry.name.split(separator: "/").dropLast().joined(separator: "/")
            guard let module = modules[name] else {
                throw InterchangeError.malformed("\(file) has nothing for '\(entry.name)'.")
            }
            // A layer without a bias adds nothing.
            var values = bias ?? [Float](repeating: 0, count: entry.count)
            if entry.name.hasSuffix("/weight") {
                guard module.shape == entry.shape else {
                    throw InterchangeError.notRepresentable(
                        "'\(module.name).weight' of \(file) is \(module.shape), and the layers before it give "
                            + "\(entry.shape); set the input with --map input=CxHxW, or strides and paddings with --map "
                            + "layers.0.stride=4.")
                }
                (values, bias) = module.values(areChannelsLast: areChannelsLast)
            }
            values = rearranged(values, entry.name)
            if areChannelsLast { values = try FlattenedImage.channelsFirst(values, entry, architecture) }
            guard values.allSatisfy(\.isFinite) else {
                throw InterchangeError.notRepresentable(
                    "'\(module.name)' of \(file) has values that are not finite.")
            }
            parameters += values
        }
        return parameters
    }

    /// Puts the rows of a head of quantiles in the order of this library: all quantiles of an action together.
    private func rearranged(_ values: [Float], _ name: String) -> [Float] {
        guard facts.quantiles > 1, facts.areQuantilesOutermost, name.hasPrefix("head/") else { return values }
        let actions = plan.outputs / facts.quantiles
        let width = values.count / plan.outputs
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for action in 0..<actions {
            for quantile in 0..<facts.quantiles {
                let row = quantile * actions + action
                result += values[(row * width)..<((row + 1) * width)]
            }
        }
        return result
    }
}
