package import DQNCheckpoint
internal import DQNModel
internal import DQNSupport
package import Foundation

/// A policy of another program, read without Python and without running anything of it.
package struct ForeignPolicy: Sendable {
    /// What wrote a file.
    package enum Kind: String, Sendable {
        case stableBaselines = "stable-baselines3"
        case olderStableBaselines = "stable-baselines2"
        case pyTorch = "pytorch"
        case olderPyTorch = "pytorch-older"
        case safetensors
        case numPy = "numpy"
        case onnx
        /// A whole model of Keras.
        case keras
        /// Weights of Keras.
        case kerasWeights = "keras-weights"
    }

    /// The largest file that is read.
    private static let byteLimit = 1 << 32

    /// What wrote the file.
    package let kind: Kind
    /// The digest of the file, SHA-256 in lower-case hexadecimal.
    package let digest: String
    /// The network.
    package private(set) var network: ImportedNetwork
    /// The settings of its training, as far as the file has them.
    private var settings: [String: JSONValue] = [:]
    /// Steps of training, as far as the file says.
    private var agentSteps = 0
    /// The description of a policy that this library exported.
    private let described: DescribedPolicy?
    private let fileName: String
    private let options: ImportOptions

    /// Reads a file.
    ///
    /// - Throws: ``InterchangeError``: `missing`, `malformed`, `notRepresentable` or `ambiguous`.
    package init(contentsOf url: URL, _ options: ImportOptions) throws(InterchangeError) {
        try UnreadableFile.requireFile(url)
        try self.init(try Self.bytes(of: url)[...], name: url.lastPathComponent, options)
        if kind == .stableBaselines, options.normalizationFile == nil, network.architecture.inputScale.isEmpty,
            let statistics = NormalizationStatistics.file(beside: url)
        {
            network.notes.append(
                "'\(statistics)' is not read; if the policy was trained with it, pass it with --vecnormalize.")
        }
    }

    /// Returns the contents of a file.
    static func bytes(of url: URL) throws(InterchangeError) -> [UInt8] {
        var isTooLarge = false
        var bytes: [UInt8] = []
        do {
            let file = try RegularFile(url.path, followingLinks: true)
            isTooLarge = file.byteCount > Self.byteLimit
            if !isTooLarge { bytes = try file.read(file.byteCount) }
        } catch {
            throw InterchangeError(
                code: .missing, message: "'\(url.path)' cannot be read: \(error).", underlying: error)
        }
        guard !isTooLarge else { throw .malformed("'\(url.path)' is larger than \(Self.byteLimit) bytes.") }
        return bytes
    }

    /// Reads the bytes of a file.
    package init(_ bytes: ArraySlice<UInt8>, name: String, _ options: ImportOptions) throws(InterchangeError) {
        self.options = options
        fileName = name
        do { digest = try FileDigest.hexadecimal(of: bytes) } catch {
            throw InterchangeError(code: .missing, message: error.message, underlying: error)
        }
        let file = "'\(name)'"
        var value = ForeignValue.null
        var description: [UInt8]?
        var facts = NetworkFacts()
        var onnx: ONNXImport?
        var plan: NetworkPlan?
        var keras: KerasFile.Contents?
        if ZipArchive.isArchive(bytes) {
            let archive = try ZipArchive(bytes, file)
            if StableBaselinesFile.isModel(archive) {
                kind = .stableBaselines
                let contents = try StableBaselinesFile.read(archive, file)
                description = contents.data[PolicyExport.descriptionKey]?.stringValue.map { Array($0.utf8) }
                if let own = try DescribedPolicy(description, contents.weights, options, file) {
                    try Self.requireNoStatistics(options, file)
                    (network, described) = (own.network, own)
                    return
                }
                // Trained further so that its layers are no longer those of the description.
                description = nil
                let model = try StableBaselinesFile.model(archive, contents, options, file)
                (facts, plan, value) = (model.facts, model.plan, model.weights)
                (settings, agentSteps) = (model.settings, model.agentSteps)
            } else if OlderStableBaselinesFile.isModel(archive) {
                kind = .olderStableBaselines
                let model = try OlderStableBaselinesFile.model(archive, options, file)
                (facts, plan, settings) = (model.facts, model.plan, model.settings)
            } else if TorchFile.folder(of: archive) != nil {
                kind = .pyTorch
                value = try TorchFile.read(archive, file)
            } else if KerasFile.isModel(archive) {
                keras = try KerasFile.read(archive, options, file)
                kind = keras?.isModel == true ? .keras : .kerasWeights
            } else if archive.entries.contains(where: { $0.name.hasSuffix(".npy") }) {
                kind = .numPy
                value = try NumPyArray.read(archive, file)
                description = value.removeDescription()
            } else {
                throw .notRepresentable("\(file) is a zip archive of an unknown program.")
            }
        } else if HierarchicalFile.isFile(bytes) {
            keras = try KerasFile.read(bytes, options, file)
            kind = keras?.isModel == true ? .keras : .kerasWeights
        } else if TorchFile.isLegacy(bytes) {
            kind = .olderPyTorch
            value = try TorchFile.read(bytes, file)
        } else {
            try UnreadableFile.requireNotTensorFlow(bytes, name: name.lowercased(), file)
            if Safetensors.isFile(bytes) {
                kind = .safetensors
                (value, description) = try Safetensors.read(bytes, file)
                facts.isOrderedByName = true
            } else if ONNXModel.isModel(bytes) || name.lowercased().hasSuffix(".onnx") {
                kind = .onnx
                onnx = try ONNXImport(bytes, options, file)
            } else {
                throw UnreadableFile.error(bytes, file)
            }
        }
        var notes: [String] = []
        if kind == .keras || kind == .onnx, let key = options.settingOfWeights {
            throw .ambiguous("\(file) says itself what --map \(key) would change; leave it out.")
        }
        switch keras {
        case .model(let whole, let text)?:
            try Self.requireNoStatistics(options, file)
            var own: DescribedPolicy?
            if let text { own = try DescribedPolicy(text, whole, options, file) }
            (network, described) = (own?.network ?? whole, own)
            if text != nil, own == nil {
                network.notes.append(
                    "The description in \(file) is of another network than its layers; it is left out.")
            }
            return
        case .weights(let stored, let stated, let assumed)?: (value, facts, notes) = (stored, stated, assumed)
        case nil: break
        }
        if let key = ImportOptions.modelKeys.first(where: { options.map[$0] != nil && ($0 != "head" || keras == nil) })
        {
            throw .ambiguous("\(file) is no whole model of Keras, to which alone --map \(key) applies; leave it out.")
        }
        if let onnx {
            described = try onnx.described()
        } else {
            described = try DescribedPolicy(description, value, options, file)
        }
        if let described {
            try Self.requireNoStatistics(options, file)
            network = described.network
        } else if let onnx {
            try Self.requireNoStatistics(options, file)
            network = try onnx.network()
        } else {
            facts.parameterLimit = min(1 << 22 + 16 * bytes.count, NetworkFacts.mostParameters)
            let scaling = try value.removeInputScaling(file)
            if facts.scaling.isEmpty { facts.scaling = scaling }
            if let url = options.normalizationFile {
                let found = try NormalizationStatistics.scaling(
                    try Self.bytes(of: url)[...], "'\(url.lastPathComponent)'")
                facts.scaling = found.scaling
                facts.notes += found.notes
            }
            if plan != nil, let key = options.map.keys.filter({ $0 == "network" || $0.hasSuffix(".transpose") }).min() {
                throw .ambiguous("\(file) says itself what --map \(key) would change; leave it out.")
            }
            if let quantiles = try options.number("quantiles", 2...65_536) {
                guard kind != .stableBaselines, plan == nil else {
                    throw .ambiguous("\(file) says itself what --map quantiles would change; leave it out.")
                }
                facts.quantiles = quantiles
            }
            if plan == nil {
                plan = try NetworkFinder.network(
                    in: value, chosen: options.map["network"], transposed: try options.transposed(), file
                ).plan
            }
            guard var plan else { throw .notRepresentable("\(file) has no network.") }
            if facts.isOrderedByName { try plan.checkOrderOfNames(file) }
            var built = try NetworkBuilder.network(plan, facts, options, file)
            built.notes += notes
            network = built
        }
    }

    private static func requireNoStatistics(_ options: ImportOptions, _ file: String) throws(InterchangeError) {
        guard options.normalizationFile == nil else {
            throw .ambiguous("\(file) says how observations are scaled; leave out --vecnormalize.")
        }
    }

    /// The owner of the group that tells where an imported policy comes from.
    package static let originOwner = ExtensionGroup.originOwner

    /// Returns the policy as a checkpoint without anything that training needs.
    ///
    /// - Throws: ``InterchangeError`` (`ambiguous`) without an environment.
    package func checkpoint() throws(InterchangeError) -> Checkpoint {
        var checkpoint: Checkpoint
        if let described {
            checkpoint = described.document.checkpoint(network.parameters)
        } else {
            checkpoint = try undescribed()
        }
        if let environment = options.environment, !environment.isEmpty,
            case .object(var configuration) = checkpoint.configuration
        {
            var settings = GameSettings.settings(environment, network.architecture.input)
            // A policy of this library says itself how its screens were prepared.
            if described != nil, configuration["wrappers"]?.stringArrayValue?.isEmpty == false {
                settings["wrappers"] = nil
            }
            configuration.merge(settings) { $1 }
            checkpoint.configuration = .object(configuration)
        }
        guard checkpoint.configuration["environment"]?.stringValue?.isEmpty == false else {
            throw .ambiguous(
                "'\(fileName)' does not say which environment it plays; pass --env, such as --env CartPole-v1.")
        }
        checkpoint.extensions = [ExtensionGroup(owner: Self.originOwner, mustUnderstand: false, state: origin)]
        return checkpoint
    }

    /// The origin's arrays. A policy that was exported keeps the origin that it had.
    private var origin: StateSnapshot {
        var texts = ["file_sha256": digest, "file_kind": kind.rawValue, "file_name": fileName]
        if let described {
            texts["checkpoint_sha256"] = described.document.checkpointDigest
            for (key, text) in described.document.origin { texts["first_\(key)"] = text }
        }
        return StateSnapshot(kind: "import", version: 1, values: texts.mapValues { .uint8(Array($0.utf8)) })
    }

    private func undescribed() throws(InterchangeError) -> Checkpoint {
        let shape = network.architecture.input.shape
        var configuration = settings
        // Frames of one channel are stacked along the channels.
        let frames = try options.number("frame_stack", 1...64) ?? (shape.count == 3 ? min(shape[0], 64) : 1)
        configuration["frame_stack"] = .integer(Int64(frames))
        if case .actorCritic = network.architecture.head, configuration["method"] == nil {
            configuration["method"] = .string("a3c")
        }
        var counters = Counters()
        counters.agentSteps = agentSteps
        return Checkpoint(
            writer: .current, configuration: .object(configuration), architecture: network.architecture,
            online: network.parameters, counters: counters, stripped: ["optimizer", "replay", "training"])
    }
}
