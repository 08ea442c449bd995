internal import DQNModel

/// Reads what Keras saves: archives of Keras 3 (`.keras`), whole models and weights in HDF5 (`.h5`, `.weights.h5`,
/// `.h5f`).
///
/// The description of a model is read as data: classes outside Keras, and functions in it, are refused or left to the
/// user, and never run.
enum KerasFile {
    /// What a file holds.
    enum Contents {
        /// A whole model, and the description of a policy that this library exported.
        case model(ImportedNetwork, description: [UInt8]?)
        /// Weights by name, whose network has to be found.
        case weights(ForeignValue, NetworkFacts, notes: [String])

        var isModel: Bool { if case .model = self { true } else { false } }
    }

    /// Whether an archive is a model of Keras.
    static func isModel(_ archive: ZipArchive) -> Bool {
        archive.contains("config.json") && archive.contains("model.weights.h5")
    }

    /// Whether bytes are an index of a checkpoint of TensorFlow, which cannot be read.
    static func isTensorFlowIndex(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.suffix(8).elementsEqual([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb])
    }

    /// Reads an archive.
    static func read(
        _ archive: ZipArchive, _ options: ImportOptions, _ name: String
    ) throws(InterchangeError) -> Contents {
        let description = try json(Array(try archive.required("config.json")), "The file 'config.json' of \(name)")
        let stored = try archive.required("model.weights.h5")
        let weights = try HierarchicalFile(stored, "'model.weights.h5' of \(name)", within: archive)
        guard KerasLayer.isModel(description["class_name"]?.stringValue ?? ""), KerasLayer.isKeras(description) else {
            var found = try KerasStoredWeights.read(try weights.root(), options, name)
            found.notes.append(
                "The model is of the class '\(description["class_name"]?.stringValue ?? "?")', whose code is not run; its "
                    + "layers are found by their weights alone.")
            return .weights(found.value, found.facts, notes: found.notes)
        }
        let model = try KerasModel(description, name)
        return .model(
            try KerasNetwork.network(model, .byClass(try weights.root()), options, name), description: model.policy)
    }

    /// Reads an HDF5 file.
    static func read(
        _ bytes: ArraySlice<UInt8>, _ options: ImportOptions, _ name: String
    ) throws(InterchangeError) -> Contents {
        let file = try HierarchicalFile(bytes, name)
        let root = try file.root()
        if let text = try root.splitTexts("model_config")?.joined() {
            let description = try json(Array(text.utf8), "The attribute 'model_config' of \(name)")
            let model = try KerasModel(description, name)
            let group = try root.member("model_weights") ?? root
            return .model(try KerasNetwork.network(model, .byName(group), options, name), description: model.policy)
        }
        let found = try KerasStoredWeights.read(root, options, name)
        return .weights(found.value, found.facts, notes: found.notes)
    }

    private static func json(_ text: [UInt8], _ words: String) throws(InterchangeError) -> JSONValue {
        do { return try JSONText.value(of: text, valueLimit: 1 << 20) } catch {
            throw .malformed("\(words) cannot be read: \(error).")
        }
    }
}
