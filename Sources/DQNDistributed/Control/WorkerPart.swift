package import DQNCheckpoint
package import DQNLearning
package import DQNModel
internal import DQNSupport
internal import Foundation

/// A worker's state as bytes: a checkpoint file that holds this worker alone, with zeros for the parameters.
///
/// So the format's rules hold for what another host sends, as for a file from a stranger.
package struct WorkerPart: Sendable {
    private let configuration: TrainingConfiguration
    private let architecture: NetworkArchitecture
    private let method: any TrainingMethod

    package init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture, _ method: any TrainingMethod
    ) {
        self.configuration = configuration
        self.architecture = architecture
        self.method = method
    }

    /// Encodes a state.
    ///
    /// - Throws: what writing a checkpoint throws.
    package func encode(_ state: WorkerState) throws -> [UInt8] {
        let count = try ParameterLayout(architecture).count
        let zeros = [Float](repeating: 0, count: count)
        var counters = Counters()
        counters.agentSteps = state.agentSteps
        var checkpoint = Checkpoint(
            writer: .current, configuration: configuration.json, architecture: architecture, online: zeros,
            target: method.usesTarget ? zeros : nil, counters: counters, workers: [state], stripped: ["optimizer"])
        checkpoint.moveLearners(of: method)
        return try Self.withTemporaryFile { file in
            try checkpoint.write(to: file)
            return Array(try Data(contentsOf: file))
        }
    }

    /// Decodes a state.
    ///
    /// - Throws: what reading a checkpoint throws; ``ClusterError`` (`malformedMessage`) if it is the state of a worker of
    ///   another network.
    package func decode(_ bytes: [UInt8]) throws -> WorkerState {
        let checkpoint = try Self.withTemporaryFile { file in
            do { try Data(bytes).write(to: file) } catch { throw Self.unwritable(file, error) }
            return try Checkpoint(resuming: file)
        }
        let states = try checkpoint.workerStates(of: method)
        guard states.count == 1, checkpoint.architecture == architecture else {
            throw ClusterError.malformed("a worker's state is one of another network")
        }
        return states[0]
    }

    private static func withTemporaryFile<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("dqn-cluster-\(UUID().uuidString)", isDirectory: true)
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw unwritable(folder, error) }
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.appendingPathComponent("worker.h5"))
    }

    private static func unwritable(_ file: URL, _ error: any Error) -> ClusterError {
        ClusterError(
            code: .temporaryFile,
            message:
                "The state of a worker cannot be written to '\(file.path)' (\(systemReason(error))); make room there, "
                + "or set TMPDIR to another directory.", underlying: error)
    }
}
