public import DQNCheckpoint
public import DQNModel
public import Foundation

/// The part of a checkpoint that acting needs: the network, its parameters and how observations are made.
public struct Policy: Sendable {
    /// The network.
    package var architecture: NetworkArchitecture
    /// The network's parameters, in the order of `ParameterLayout`.
    package var parameters: [Float]
    /// The id of the environment that the policy was trained in.
    package var environment: String
    /// The environment's wrappers, innermost first, including those for training only.
    package var wrappers: [String]
    /// The number of environment observations that make one observation of the network.
    package var frameStack: Int
    /// The number of agent steps that the policy was trained for.
    package var agentSteps: Int
    /// Whether the policy was trained to choose among the actions that the environment's masks allow.
    package var usesActionMasks = false

    /// Creates a policy from its parts. ``Agent/init(_:concurrency:precision:)`` checks the number of parameters.
    ///
    /// - Parameters:
    ///   - architecture: the network.
    ///   - parameters: the network's parameters, in the order of `ParameterLayout`.
    ///   - environment: the id of the environment that the policy was trained in.
    ///   - wrappers: the environment's wrappers, innermost first, including those for training only.
    ///   - frameStack: the number of environment observations that make one observation of the network.
    ///   - agentSteps: the number of agent steps that the policy was trained for.
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

    /// Loads the policy of a checkpoint file. Does not read the replay or the optimiser.
    ///
    /// - Throws: `CheckpointError`: `missing`, `malformed`, `unsupportedVersion` or `unknownExtension` when the file
    ///   cannot be read; `malformed` when its configuration has an invalid environment, frame stack or list of wrappers.
    public init(contentsOf url: URL) throws(CheckpointError) {
        let stored = try CheckpointPolicy(contentsOf: url)
        guard let environment = stored.configuration["environment"]?.stringValue,
            let frameStack = stored.configuration["frame_stack"]?.integerValue, (1...64).contains(frameStack)
        else {
            throw CheckpointError(
                code: .malformed,
                message: "The configuration in '\(url.path)' must have an environment and a frame_stack from 1 to 64.",
                rule: 10)
        }
        guard let wrappers = Self.wrappers(stored.configuration) else {
            throw CheckpointError(
                code: .malformed,
                message: "'wrappers' in the configuration in '\(url.path)' must be a list of strings.", rule: 10)
        }
        architecture = stored.architecture
        parameters = stored.parameters
        self.environment = environment
        self.wrappers = wrappers
        self.frameStack = frameStack
        agentSteps = stored.agentSteps
        usesActionMasks = stored.configuration["action_masks"] == .bool(true)
    }

    /// Returns a configuration's wrappers, or `nil` if they are invalid. Configurations of early versions have no such
    /// key.
    private static func wrappers(_ configuration: JSONValue) -> [String]? {
        guard let value = configuration["wrappers"], value != .null else { return [] }
        return value.stringArrayValue
    }
}
