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
    /// Environment observations that are stacked to one of the network's.
    public var frameStack: Int
    /// Agent steps of training behind it.
    public var agentSteps: Int
}
