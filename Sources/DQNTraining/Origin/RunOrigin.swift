package import DQNCheckpoint
package import DQNLearning
internal import DQNModel
package import Foundation

/// A checkpoint that a new run starts from, of any format version; parts of it may have been stripped.
///
/// The new run has its own settings, history and random streams, and begins at agent step 0 unless it continues the
/// schedule. ``start(_:_:_:_:)`` decides what carries over.
package struct RunOrigin: Sendable {
    /// What a new run takes from a checkpoint.
    package struct Options: Sendable {
        /// Which checkpoint of a run; `nil` for the latest, and for a path to a file.
        package var which: CheckpointSelection?
        /// Whether the parameters alone carry over.
        package var policyOnly = false
        /// Whether counters and schedules continue at the checkpoint's step instead of beginning at 0.
        package var continuesSchedule = false

        /// Creates options: the latest checkpoint, everything that fits, and a new schedule.
        package init() {}
    }

    /// The path to a checkpoint, or to a run's directory, as the user gave it.
    package let path: String
    /// The file.
    package let file: URL
    /// Identifies the file; see ``DQNCheckpoint/CheckpointSummary/digest``.
    package let digest: String
    /// What the run takes.
    package let options: Options
    let checkpoint: Checkpoint
    /// The run's settings that this program knows and that have a valid value.
    let settings: JSONValue
    /// The names of the others.
    let unknownSettings: [String]

    /// Reads a checkpoint. Changes nothing.
    ///
    /// - Parameters:
    ///   - url: a checkpoint, a run's directory, or a directory of checkpoints.
    ///   - path: the path as the user gave it; `nil` takes that of `url`.
    ///   - notice: receives a message about each damaged file that is skipped.
    /// - Throws: ``TrainingError``: `invalidConfiguration` if options exclude each other or there is nothing to choose;
    ///   `underlyingFailure` with a `CheckpointError` if there is no such checkpoint or it cannot be read.
    package init(
        _ url: URL, as path: String? = nil, _ options: Options = Options(), notice: (String) -> Void = { _ in }
    ) throws(TrainingError) {
        guard !(options.policyOnly && options.continuesSchedule) else {
            throw TrainingError(
                code: .invalidConfiguration,
                message: "A policy alone has no schedule to continue; leave out --policy-only or --continue-schedule.")
        }
        let path = path ?? url.path
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        if options.which != nil, exists, !isDirectory.boolValue {
            throw TrainingError(
                code: .invalidConfiguration,
                message:
                    "--which chooses one of a run's checkpoints, but '\(path)' is a single file; leave --which out.")
        }
        let stored: Checkpoint
        do throws(CheckpointError) {
            let found = try CheckpointLocation.read(url, options.which ?? .latest, notice: notice) {
                (url) throws(CheckpointError) in
                try Self.read(url, policyOnly: options.policyOnly)
            }
            file = found.url
            digest = try CheckpointSummary(contentsOf: found.url).digest
            stored = found.value
        } catch { throw TrainingError(wrapping: error) }
        if let folded = try stored.foldingInputScale(path) {
            checkpoint = folded
            notice(
                "the offset and scale of each element of the observations are now part of the first layer's parameters")
        } else {
            checkpoint = stored
        }
        self.path = path
        self.options = options
        (settings, unknownSettings) = Self.known(checkpoint.configuration, of: checkpoint.architecture)
    }

    /// Reads a file; of a policy alone neither replays nor optimiser.
    private static func read(_ url: URL, policyOnly: Bool) throws(CheckpointError) -> Checkpoint {
        guard policyOnly else { return try Checkpoint(resuming: url) }
        let policy = try CheckpointPolicy(contentsOf: url)
        var counters = Counters()
        counters.agentSteps = policy.agentSteps
        return Checkpoint(
            writer: .current, configuration: policy.configuration, architecture: policy.architecture,
            online: policy.parameters, counters: counters)
    }

    /// Divides the settings of a file, which another program may have written, into known and unknown ones.
    ///
    /// Without a description of the network, its layers define it.
    private static func known(
        _ configuration: JSONValue, of architecture: NetworkArchitecture
    ) -> (settings: JSONValue, unknown: [String]) {
        guard case .object(let members) = configuration else { return (.object([:]), []) }
        var known = members.filter { name, value in
            if name == "preset", (try? Preset.named(value.stringValue ?? "")) == nil { return false }
            if name == "network", (try? NetworkArchitecture.layers(value.stringValue ?? "")) == nil { return false }
            return (try? ConfigurationLayer(file: .object([name: value]))) != nil
        }
        let unknown = members.keys.filter { known[$0] == nil }.sorted()
        if known["network"] == nil { known.merge(architecture.settings ?? [:]) { $1 } }
        return (.object(known), unknown)
    }

    /// The agent step of the checkpoint.
    package var agentSteps: Int { checkpoint.counters.agentSteps }

    /// The source of settings for a ``ConfigurationRequest``.
    package var request: ConfigurationRequest.Origin {
        ConfigurationRequest.Origin(settings: settings, continuesSchedule: options.continuesSchedule)
    }

    /// The whole configuration of the checkpoint's run; `nil` if another program's settings cannot be read as one.
    var configuration: TrainingConfiguration? { try? TrainingConfiguration(json: settings) }

    /// Settings that differ from those of a new run, with the new values.
    func changes(to configuration: TrainingConfiguration) -> [String: (old: JSONValue, new: JSONValue)] {
        let before = self.configuration?.json ?? settings
        var changes: [String: (old: JSONValue, new: JSONValue)] = [:]
        for key in ConfigurationKey.all.map(\.name) {
            guard let old = before[key], let new = configuration.json[key], old != new else { continue }
            // Files write a number without a fraction as an integer.
            if let number = old.doubleValue, number == new.doubleValue { continue }
            changes[key] = (old, new)
        }
        return changes
    }
}
