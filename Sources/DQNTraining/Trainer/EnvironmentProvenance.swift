internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import Foundation

/// What ran the environment, such as the version of Gymnasium, and digests of the environment's source: checkpoints
/// store it, and a resume compares it.
struct EnvironmentProvenance {
    /// The owner of the extension group.
    static let owner = EnvironmentSources.owner
    private static let layout = EnvironmentSources.layout

    private let environment: EnvironmentSpecification
    /// The parts by name; empty for an environment that is part of this program.
    private let parts: [String: String]

    /// Collects the parts, reading the file of a plug-in.
    init(of environment: EnvironmentSpecification) throws {
        self.environment = environment
        var parts = environment.provenance
        if let file = environment.libraryFile {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
            parts[EnvironmentSources.library] = try FileDigest.hexadecimal(of: bytes)
        }
        self.parts = parts
    }

    /// An extension group with one text per part; `nil` without any.
    var group: ExtensionGroup? {
        if parts.isEmpty { return nil }
        let values = parts.mapValues { StateSnapshot.Value.uint8(Array($0.utf8)) }
        return ExtensionGroup(
            owner: Self.owner, mustUnderstand: false,
            state: StateSnapshot(kind: environment.id, version: Self.layout, values: values))
    }

    /// How the environment's source differs from that of a checkpoint; `nil` if it does not, or if either is unknown.
    func sourceChange(since extensions: [ExtensionGroup]) -> String? {
        EnvironmentSources.change(from: stored(in: extensions), to: parts)
    }

    /// One message for each part that differs between a checkpoint and this machine.
    func notices(since extensions: [ExtensionGroup]) -> [String] {
        let source = sourceChange(since: extensions).map {
            "the source of the environment '\(environment.id)' has changed since the checkpoint (\($0)): stored episodes "
                + "are abandoned, because their state may not fit, and new ones start"
        }
        return [source].compactMap(\.self)
            + environment.differences(fromStored: stored(in: extensions))
            .filter { !EnvironmentSources.names.contains($0.name) }
            .map { name, current, stored in
                "the environment's \(name) was '\(stored)' in the checkpoint and is '\(current)' here: "
                    + "the run may not continue exactly"
            }
    }

    /// The parts that a checkpoint holds of this environment; empty if it holds those of another one.
    private func stored(in extensions: [ExtensionGroup]) -> [String: String] {
        guard let state = extensions.first(where: { $0.owner == Self.owner })?.state, state.version == Self.layout,
            state.kind == environment.id
        else { return [:] }
        return state.values.compactMapValues { value -> String? in
            if case .uint8(let bytes) = value { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }
}

extension WorkerState {
    /// The same worker without the states of its environments: its episodes cannot continue.
    var withoutEnvironments: WorkerState {
        var state = self
        state.environment = nil
        for index in state.additionalEnvironments.indices { state.additionalEnvironments[index].environment = nil }
        return state
    }
}
