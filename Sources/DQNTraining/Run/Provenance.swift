internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel

/// What ran the environment of a run, in its checkpoints: also where the environment cannot tell its state.
enum Provenance {
    /// The owner of the group.
    static let owner = "org.swift-dqn.environment"
    private static let layout = 1

    /// A group with a text for each part; `nil` for an environment that is part of this program.
    static func group(of environment: EnvironmentSpecification) -> ExtensionGroup? {
        if environment.provenance.isEmpty { return nil }
        let values = environment.provenance.mapValues { StateSnapshot.Value.uint8(Array($0.utf8)) }
        return ExtensionGroup(
            owner: owner, mustUnderstand: false,
            state: StateSnapshot(kind: environment.id, version: layout, values: values))
    }

    /// What is different here from where a checkpoint was made, for people.
    static func notices(of extensions: [ExtensionGroup], for environment: EnvironmentSpecification) -> [String] {
        guard let state = extensions.first(where: { $0.owner == owner })?.state, state.version == layout else {
            return []
        }
        return environment.provenance.sorted { $0.key < $1.key }.compactMap { name, here in
            guard case .uint8(let bytes)? = state.values[name] else { return nil }
            let there = String(decoding: bytes, as: UTF8.self)
            if there == here { return nil }
            return
                "the environment's \(name) was '\(there)' in the checkpoint and is '\(here)' here: it may go on differently"
        }
    }
}
