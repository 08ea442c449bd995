internal import DQNCheckpoint
public import DQNModel
internal import DQNNetwork
public import Foundation

/// A trained policy: loads a checkpoint, tells Q-values or logits, acts greedily.
///
/// ```swift
/// let agent = try Agent(contentsOf: url)
/// let action = try agent.act(observation)
/// ```
///
/// An observation is what the network saw in training: frames stacked (``frameStack``), pixels as bytes.
///
/// Safe to use from many threads: calls take turns on one lock, each a forward pass of one observation (a few
/// microseconds for a small network). A server that wants more at once makes one agent a thread.
///
/// `@unchecked Sendable`: `computation` and the memory it returns are touched only while `lock` is held; everything
/// else is constant.
public final class Agent: @unchecked Sendable {
    /// The network.
    public let architecture: NetworkArchitecture
    /// The environment that the policy was trained in.
    public let environment: String
    /// Environment observations that are stacked to one of the network's.
    public let frameStack: Int
    /// Agent steps of training behind the policy.
    public let agentSteps: Int

    private let lock = Lock()
    private let computation: any NetworkComputation

    /// Loads the policy of a checkpoint file; replay and optimiser are not read.
    ///
    /// - Throws: ``DQNCheckpoint/CheckpointError`` when the file is missing, damaged or of a version that this library
    ///   does not know; `NetworkError` when the compute library refuses the network.
    public convenience init(contentsOf url: URL) throws {
        try self.init(Policy(contentsOf: url))
    }

    /// Makes an agent of a policy.
    ///
    /// - Throws: `NetworkError` when the compute library refuses the network.
    public init(_ policy: Policy) throws {
        architecture = policy.architecture
        environment = policy.environment
        frameStack = policy.frameStack
        agentSteps = policy.agentSteps
        let layout = try ParameterLayout(policy.architecture)
        let parameters = try ParameterSlab(layout: layout, values: policy.parameters)
        computation = try OneDNNBackend().makeComputation(of: policy.architecture, batchSize: 1, training: false)
        try computation.use(parameters)
    }

    /// One number per action, the best action's the largest: its Q-value, or of an actor-critic network the logit of
    /// its probability (the state's value is left out).
    ///
    /// - Throws: `ModelError` (`shapeMismatch`) for an observation of another shape or element type.
    public func actionValues(_ observation: Observation) throws -> [Float] {
        try withActionValues(observation) { Array($0) }
    }

    /// The action with the largest Q-value, or the most probable one of an actor-critic network; ties go to the lowest
    /// index.
    ///
    /// - Throws: as ``actionValues(_:)``.
    public func act(_ observation: Observation) throws -> Int {
        try withActionValues(observation) { $0.indexOfMaximum }
    }

    private func withActionValues<Result>(
        _ observation: Observation, _ body: (UnsafeBufferPointer<Float>) -> Result
    ) throws -> Result {
        guard observation.space == architecture.input else {
            throw ModelError(
                code: .shapeMismatch,
                message: "The network takes \(architecture.input.element.rawValue) observations of shape "
                    + "\(architecture.input.shape), not \(observation.space.element.rawValue) of shape "
                    + "\(observation.space.shape).")
        }
        return try lock.withLock {
            // One compute thread, whichever thread calls: more of them cost a single observation more than they give.
            ComputeThreads.useCallingThreadOnly()
            observation.withBytes { computation.load($0, row: 0, offset: 0) }
            return body(UnsafeBufferPointer(rebasing: try computation.forward().prefix(architecture.actionCount)))
        }
    }
}
