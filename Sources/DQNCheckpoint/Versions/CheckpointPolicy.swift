public import DQNModel
public import Foundation

/// The part of a checkpoint needed for acting; loading it skips replay, optimiser and workers.
public struct CheckpointPolicy: Sendable {
    /// The configuration of the run.
    package let configuration: JSONValue
    /// The network.
    package let architecture: NetworkArchitecture
    /// The online network's parameters in the order of ``DQNModel/ParameterLayout``.
    package let parameters: [Float]
    /// Agent steps of training so far.
    package let agentSteps: Int

    /// Loads the policy of a file and checks everything it reads against digests.
    ///
    /// - Parameter url: The file.
    /// - Parameter understood: The owners of extensions that the caller supports.
    /// - Throws: Like ``Checkpoint/init(contentsOf:understanding:)``.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        self = try CheckpointFile.read(url.path, checksDigests: false) { (reader) throws(CheckpointError) in
            let codec = try FormatVersion.codec(of: reader.version)
            try CheckpointFile.require(try codec.requiredExtensions(reader), of: url, understanding: understood)
            let head = try codec.head(reader)
            return CheckpointPolicy(
                configuration: head.configuration, architecture: head.architecture,
                parameters: try codec.vector("parameters/online", head.layout, reader, .parameters),
                agentSteps: head.progress.counters.agentSteps)
        }
    }

    private init(configuration: JSONValue, architecture: NetworkArchitecture, parameters: [Float], agentSteps: Int) {
        self.configuration = configuration
        self.architecture = architecture
        self.parameters = parameters
        self.agentSteps = agentSteps
    }
}
