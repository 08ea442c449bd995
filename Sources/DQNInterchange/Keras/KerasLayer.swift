internal import DQNModel

/// A layer of a Keras model, as the model's configuration describes it.
struct KerasLayer {
    /// What it is, such as `Dense`.
    let className: String
    let name: String
    let config: JSONValue
    /// The names of the models around it, outermost first.
    let models: [String]
    /// Where the weights are in files of Keras 3: the names of its group and of those of the models around it.
    let storePath: [String]

    /// The name with those of the models around it.
    var path: String { (models + [name]).joined(separator: ".") }

    /// Whether it is a model itself.
    var isModel: Bool { Self.isModel(className) }

    static func isModel(_ className: String) -> Bool { ["Sequential", "Functional", "Model"].contains(className) }

    /// Whether the configuration of an object names a class of Keras itself, and not one of somebody's program.
    static func isKeras(_ description: JSONValue) -> Bool {
        // Files of Keras 2 have no module.
        guard let module = description["module"] else { return true }
        guard let text = module.stringValue else { return false }
        return text == "builtins"
            || ["keras", "tf_keras", "tensorflow"].contains { text == $0 || text.hasPrefix($0 + ".") }
    }

    /// Returns the name of a class of this library's Python package, or `nil` for any other class.
    static func ownClass(_ description: JSONValue) -> String? {
        guard let name = description["class_name"]?.stringValue,
            let own = ["Diagonal", "LowestPadding"].first(where: { name == $0 || name == "swift_dqn>\($0)" })
        else { return nil }
        // Files of Keras 2's kind have no module, but the package before the name.
        let isOwn = description["module"].map { $0.stringValue == "swift_dqn.keras_model" } ?? (name != own)
        return isOwn ? own : nil
    }

    /// Returns a class's name as files of Keras 3 spell it: `layer_normalization` for `LayerNormalization`.
    static func storeName(_ className: String) -> String {
        let letters = Array(className)
        var result = ""
        for (index, letter) in letters.enumerated() {
            if index > 0, letter.isASCII, letter.isUppercase {
                let next = index + 1 < letters.count ? letters[index + 1] : nil
                let startsWord = next.map { $0.isASCII && $0.isLowercase } ?? false
                let follows = letters[index - 1].isASCII && letters[index - 1].isLowercase
                if startsWord || follows { result += "_" }
            }
            result += letter.lowercased()
        }
        return result
    }

    /// Returns a number of the configuration, or a standard value if it has none.
    func number(_ key: String, _ standard: Double) throws(InterchangeError) -> Double {
        guard let value = config[key], value != .null else { return standard }
        guard let number = value.doubleValue else { throw invalid(key) }
        return number
    }

    /// Returns a number of rows and one of columns, which may be given as one number.
    func extent(_ keys: String..., standard: NetworkArchitecture.Extent) throws(InterchangeError)
        -> NetworkArchitecture.Extent
    {
        for key in keys {
            guard let value = config[key], value != .null else { continue }
            if let size = value.integerValue, (1...65_536).contains(size) { return .init(size) }
            guard case .array(let items) = value, items.count == 2, let rows = items[0].integerValue,
                let columns = items[1].integerValue, (1...65_536).contains(rows), (1...65_536).contains(columns)
            else { throw invalid(key) }
            return .init(rows: rows, columns: columns)
        }
        return standard
    }

    /// Whether the padding is `same`; that is an error of the file unless it is `valid` or absent.
    func hasSamePadding() throws(InterchangeError) -> Bool {
        let text = (config["padding"] ?? config["border_mode"])?.stringValue ?? "valid"
        guard text == "same" || text == "valid" else {
            throw .notRepresentable("'\(path)' has the padding '\(text)'; only 'valid' and 'same' can be imported.")
        }
        return text == "same"
    }

    /// Whether the channels are the first axis of images.
    func isChannelsFirst() throws(InterchangeError) -> Bool {
        switch (config["data_format"] ?? config["dim_ordering"])?.stringValue {
        case nil, "channels_last", "tf", "default": return false
        case "channels_first": return true
        case let text:
            throw .notRepresentable(
                "'\(path)' has the axes '\(text ?? "")'; only those of Keras 2 and 3 can be imported.")
        }
    }

    func invalid(_ key: String) -> InterchangeError {
        .malformed("'\(path)' has an invalid '\(key)' in its configuration.")
    }
}
