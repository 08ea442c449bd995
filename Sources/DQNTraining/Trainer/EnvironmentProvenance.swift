internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel

/// What ran the environment, such as the version of Gymnasium: checkpoints store it, and a resume compares it.
enum EnvironmentProvenance {
    /// The owner of the extension group.
    static let owner = "org.swift-dqn.environment"
    private static let layout = 1

    /// An extension group with one text per part; `nil` for an environment that is part of this program.
    static func group(of environment: EnvironmentSpecification) -> ExtensionGroup? {
        if environment.provenance.isEmpty { return nil }
        let values = environment.provenance.mapValues { StateSnapshot.Value.uint8(Array($0.utf8)) }
        return ExtensionGroup(
            owner: owner, mustUnderstand: false,
            state: StateSnapshot(kind: environment.id, version: layout, values: values))
    }

    /// One message for each part that differs between a checkpoint and this machine.
    static func notices(of extensions: [ExtensionGroup], for environment: EnvironmentSpecification) -> [String] {
        guard let state = extensions.first(where: { $0.owner == owner })?.state, state.version == layout else {
            return []
        }
        let stored = state.values.compactMapValues { value -> String? in
            if case .uint8(let bytes) = value { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
        return environment.differences(fromStored: stored).map { name, current, stored in
            "the environment's \(name) was '\(stored)' in the checkpoint and is '\(current)' here: "
                + "the run may not continue exactly"
        }
    }
}
