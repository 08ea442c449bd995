internal import DQNModel

/// Reads how a layer of a graph is called, as Keras 2 and Keras 3 write it.
enum KerasCall {
    /// The names in a list of outputs of layers: `["dense", 0, 0]`, or a list or an object of such lists.
    static func names(_ value: JSONValue?) -> [String] {
        switch value {
        case .array(let items)?:
            if let name = items.first?.stringValue { return [name] }
            return items.flatMap { names($0) }
        case .object(let members)?: return members.keys.sorted().flatMap { names(members[$0]) }
        default: return []
        }
    }

    /// Reads a call.
    static func read(
        _ call: JSONValue, _ arguments: inout [KerasModel.Argument], _ settings: inout [String: JSONValue],
        _ layer: KerasLayer, _ file: String
    ) throws(InterchangeError) {
        switch call {
        case .object(let members):
            try collect(members["args"] ?? .null, &arguments, layer, file)
            guard case .object(let named)? = members["kwargs"] else { return }
            try add(named, &arguments, &settings, layer, file)
        case .array(let items):
            // A layer with one input may have it without a list around it.
            let inputs = items.first?.stringValue == nil ? items : [call]
            for input in inputs {
                guard case .array(let parts) = input, let name = parts.first?.stringValue else {
                    throw .malformed("'\(layer.path)' of \(file) has an input that is no layer.")
                }
                try requireFirst(parts, name, layer, file)
                arguments.append(.output(of: name))
                guard parts.count > 3, case .object(let named) = parts[3] else { continue }
                try add(named, &arguments, &settings, layer, file)
            }
        default: throw .malformed("'\(layer.path)' of \(file) has inputs of an unknown kind.")
        }
    }

    /// Sorts the named arguments of a call: outputs and numbers that are computed with, and settings.
    private static func add(
        _ named: [String: JSONValue], _ arguments: inout [KerasModel.Argument], _ settings: inout [String: JSONValue],
        _ layer: KerasLayer, _ file: String
    ) throws(InterchangeError) {
        for (key, value) in named.sorted(by: { $0.key < $1.key }) {
            if case .array(let parts) = value, parts.count == 3, let name = parts[0].stringValue,
                parts[1].integerValue != nil
            {
                try requireFirst(parts, name, layer, file)
                arguments.append(.output(of: name))
            } else if value["class_name"]?.stringValue == "__keras_tensor__" {
                try collect(value, &arguments, layer, file)
            } else if key == "y" || key == "x2", let number = value.doubleValue {
                arguments.append(.number(number))
            } else {
                settings[key] = value
            }
        }
    }

    /// Collects outputs and numbers from nested lists.
    private static func collect(
        _ value: JSONValue, _ arguments: inout [KerasModel.Argument], _ layer: KerasLayer, _ file: String
    ) throws(InterchangeError) {
        if let number = value.doubleValue {
            arguments.append(.number(number))
        } else if case .array(let items) = value {
            for item in items { try collect(item, &arguments, layer, file) }
        } else if case .array(let parts)? = value["config"]?["keras_history"], let name = parts.first?.stringValue {
            try requireFirst(parts, name, layer, file)
            arguments.append(.output(of: name))
        }
    }

    /// Throws unless an output is the first one of the first call of its layer.
    private static func requireFirst(
        _ parts: [JSONValue], _ name: String, _ layer: KerasLayer, _ file: String
    ) throws(InterchangeError) {
        guard parts.dropFirst().prefix(2).allSatisfy({ $0 == .integer(0) }) else {
            throw .notRepresentable(
                "'\(layer.path)' of \(file) takes a later output of '\(name)'; layers here have one output.")
        }
    }
}
