internal import DQNModel

/// The names that a pickle may mention. Nothing is imported or called: each stands for code of this reader.
enum PickleName: Sendable, Equatable {
    case orderedDictionary, defaultDictionary, sequence, encode
    case rebuildTensor, rebuildParameter, rebuildFromType, size, device
    case storage(ForeignTensor.Element)
    case untypedStorage
    case array, arrayType, reconstructArray, arrayFromBuffer, scalar
    /// A class whose objects are their attributes, or a function that makes one.
    case object
    /// A class or value that is mentioned, such as an activation or an element type, and must not be called.
    case inert

    private static let table: [String: PickleName] = {
        var table: [String: PickleName] = [
            "collections.OrderedDict": .orderedDictionary, "collections.defaultdict": .defaultDictionary,
            "collections.deque": .sequence, "builtins.set": .sequence, "__builtin__.set": .sequence,
            "builtins.frozenset": .sequence, "__builtin__.frozenset": .sequence,
            "builtins.list": .sequence, "__builtin__.list": .sequence, "builtins.dict": .inert,
            "builtins.int": .inert, "builtins.float": .inert, "_codecs.encode": .encode,
            "torch._utils._rebuild_tensor": .rebuildTensor, "torch._utils._rebuild_tensor_v2": .rebuildTensor,
            "torch._utils._rebuild_parameter": .rebuildParameter,
            "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
            "torch._tensor._rebuild_from_type": .rebuildFromType,
            "torch._tensor._rebuild_from_type_v2": .rebuildFromType, "torch.Tensor": .inert,
            "torch.nn.parameter.Parameter": .inert, "torch.Size": .size, "torch.device": .device,
            "torch.storage.UntypedStorage": .untypedStorage, "torch.UntypedStorage": .untypedStorage,
            "numpy.ndarray": .array, "numpy.dtype": .arrayType,
        ]
        for module in ["numpy.core", "numpy._core"] {
            table["\(module).multiarray._reconstruct"] = .reconstructArray
            table["\(module).multiarray.scalar"] = .scalar
            table["\(module).numeric._frombuffer"] = .arrayFromBuffer
        }
        let storages: [(String, ForeignTensor.Element)] = [
            ("Float", .float32), ("Double", .float64), ("Half", .float16), ("BFloat16", .bfloat16), ("Long", .int64),
            ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8), ("Bool", .bool),
        ]
        for (name, element) in storages {
            table["torch.\(name)Storage"] = .storage(element)
            table["torch.cuda.\(name)Storage"] = .storage(element)
        }
        for name in ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"] {
            table["torch.\(name)"] = .inert
        }
        for name in ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool_"] {
            table["numpy.\(name)"] = .inert
        }
        for name in ["ReLU", "Tanh", "Sigmoid", "ELU", "SiLU", "GELU", "LeakyReLU", "SELU", "Softplus"] {
            table["torch.nn.modules.activation.\(name)"] = .inert
        }
        table["torch.nn.modules.linear.Identity"] = .inert
        for (module, name) in [("adam", "Adam"), ("adamw", "AdamW"), ("rmsprop", "RMSprop"), ("sgd", "SGD")] {
            table["torch.optim.\(module).\(name)"] = .inert
        }
        for name in objectNames { table[name] = .object }
        return table
    }()

    /// Returns the meaning of a name.
    ///
    /// - Throws: ``InterchangeError`` (`notRepresentable`) that names it, for every name outside the table.
    static func named(_ module: String, _ name: String, in file: String) throws(InterchangeError) -> PickleName {
        let full = "\(module).\(name)"
        if let known = table[full] { return known }
        let isModel =
            ["torch.nn.", "__main__", "model", "network", "agent", "dqn"].contains { module.lowercased().hasPrefix($0) }
        throw .notRepresentable(
            isModel
                ? "\(file) holds an object of the class '\(full)', whose code would have to be run, as files of whole modules "
                    + "and of replays do; save the weights instead: torch.save(model.state_dict(), 'weights.pth')."
                : "\(file) names '\(full)', which is neither a tensor nor a container; pickles are never run. Save the "
                    + "weights alone: torch.save(model.state_dict(), 'weights.pth').")
    }
}
