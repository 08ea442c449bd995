public import DQNCheckpoint
public import DQNModel
public import Foundation

/// What is needed of a checkpoint to act: network, parameters, and how observations are made.
public struct Policy: Sendable {
    /// The network.
    public var architecture: NetworkArchitecture
    /// Its parameters, in the order of ``DQNModel/ParameterLayout``.
    public var parameters: [Float]
    /// The environment's id.
    public var environment: String
    /// The wrappers around it, the innermost first; those that are for training only among them.
    public var wrappers: [String]
    /// Environment observations that are stacked to one of the network's.
    public var frameStack: Int
    /// Agent steps of training behind it.
    public var agentSteps: Int

    /// Creates a policy from its parts; ``Agent/init(_:concurrency:precision:)`` checks that the parameters are the network's.
    public init(
        architecture: NetworkArchitecture, parameters: [Float], environment: String, wrappers: [String] = [],
        frameStack: Int = 1, agentSteps: Int = 0
    ) {
        self.architecture = architecture
        self.parameters = parameters
        self.environment = environment
        self.wrappers = wrappers
        self.frameStack = frameStack
        self.agentSteps = agentSteps
    }

    /// Reads the policy of a checkpoint file; replay and optimiser are not read.
    ///
    /// - Throws: ``DQNCheckpoint/CheckpointError`` when the file is missing or damaged, or when its configuration names
    ///   no environment or frame stack, or wrappers that are no list of texts.
    public init(contentsOf url: URL) throws(CheckpointError) {
        let stored = try CheckpointPolicy(contentsOf: url)
        guard let environment = stored.configuration["environment"]?.stringValue,
            let frameStack = stored.configuration["frame_stack"]?.integerValue, (1...64).contains(frameStack)
        else {
            throw CheckpointError(
                code: .malformed,
                message: "'\(url.path)' names no environment or no frame_stack from 1 to 64 in its configuration.",
                rule: 10)
        }
        guard let wrappers = Self.wrappers(stored.configuration) else {
            throw CheckpointError(
                code: .malformed,
                message: "'\(url.path)' has 'wrappers' in its configuration that are no list of texts.", rule: 10)
        }
        architecture = stored.architecture
        parameters = stored.parameters
        self.environment = environment
        self.wrappers = wrappers
        self.frameStack = frameStack
        agentSteps = stored.agentSteps
    }

    /// The wrappers of a configuration, which has none before there were any; `nil` where they cannot be read.
    private static func wrappers(_ configuration: JSONValue) -> [String]? {
        guard let value = configuration["wrappers"], value != .null else { return [] }
        return value.stringArrayValue
    }
}
