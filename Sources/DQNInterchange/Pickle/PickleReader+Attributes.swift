internal import DQNModel

/// Objects of classes that are read as their attributes, such as the spaces of Gymnasium.
extension PickleName {
    /// The classes, and the functions that make their objects.
    static let objectNames: [String] = {
        var names = [
            "stable_baselines3.common.vec_env.vec_normalize.VecNormalize",
            "stable_baselines3.common.running_mean_std.RunningMeanStd",
            "stable_baselines3.common.type_aliases.TrainFreq",
            "stable_baselines3.common.type_aliases.TrainFrequencyUnit",
            "numpy.random._pickle.__randomstate_ctor", "numpy.random._pickle.__generator_ctor",
            "numpy.random._pickle.__bit_generator_ctor", "numpy.random._mt19937.MT19937",
            "numpy.random._pcg64.PCG64", "numpy.random.mtrand.RandomState", "numpy.random._generator.Generator",
            "numpy.random.bit_generator.__pyx_unpickle_SeedSequence", "numpy.random.bit_generator.SeedSequence",
            "argparse.Namespace", "types.SimpleNamespace",
            "pytorch_lightning.utilities.parsing.AttributeDict", "lightning.pytorch.utilities.parsing.AttributeDict",
            "lightning.fabric.utilities.data.AttributeDict", "lightning_fabric.utilities.data.AttributeDict",
        ]
        names += ["FloatSchedule", "ConstantSchedule", "LinearSchedule"].map {
            "stable_baselines3.common.utils.\($0)"
        }
        let spaces = [
            ("box", "Box"), ("discrete", "Discrete"), ("multi_discrete", "MultiDiscrete"),
            ("multi_binary", "MultiBinary"), ("dict", "Dict"), ("tuple", "Tuple"),
        ]
        for library in ["gym", "gymnasium"] { names += spaces.map { "\(library).spaces.\($0.0).\($0.1)" } }
        return names
    }()

    /// Keys of the dictionary that stands for an object. Attributes have no such names.
    static let (classKey, argumentsKey, stateKey) = ("class of the object", "its arguments", "its state")
}

extension PickleReader {
    /// The most arguments of an object. They are copied, and a pickle may repeat a long tuple in two bytes.
    private static let argumentLimit = 16

    /// Returns a dictionary that stands for an object: its class, its arguments, and later its state.
    mutating func object(of name: String, _ arguments: [PickleValue]) throws(InterchangeError) -> PickleValue {
        guard arguments.count <= Self.argumentLimit else {
            throw malformed("an object '\(name)' of more than \(Self.argumentLimit) arguments")
        }
        containers.append(PickleContainer(kind: .tuple, items: arguments))
        let items: [PickleValue] = [
            .text(PickleName.classKey), .text(name), .text(PickleName.argumentsKey), .container(containers.count - 1),
        ]
        containers.append(PickleContainer(kind: .dictionary, items: items))
        return .container(containers.count - 1)
    }

    /// Adds the state to what stands for an object. Attributes of other dictionaries, such as the versions of PyTorch's
    /// modules, are not needed.
    mutating func complete(_ place: Int, _ state: PickleValue) {
        guard containers[place].items.count == 4, case .text(PickleName.classKey) = containers[place].items[0] else {
            return
        }
        containers[place].items += [.text(PickleName.stateKey), state]
    }
}

extension ForeignValue {
    /// The class of an object.
    var className: String? {
        guard case .text(let name)? = self[PickleName.classKey] else { return nil }
        return name
    }

    /// The arguments that an object was made of.
    var objectArguments: [ForeignValue] {
        guard case .list(let items)? = self[PickleName.argumentsKey] else { return [] }
        return items
    }

    /// Returns an attribute of an object.
    func attribute(_ name: String) -> ForeignValue? { self[PickleName.stateKey]?[name] }

    /// The number, or `nil` if this is none.
    var number: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        case .tensor(let tensor) where tensor.count == 1: tensor.doubles[0]
        default: nil
        }
    }
}
