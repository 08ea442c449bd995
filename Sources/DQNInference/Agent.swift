internal import DQNCheckpoint
public import DQNModel
public import DQNNetwork
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
/// Safe to use from many threads at once: as many calls compute side by side as the agent allows, by default one a
/// processor; further ones wait for their turn. All of them read one copy of the parameters; each has input, activations
/// and weights in the layouts that computing prefers of its own, which are made when so many calls first come together. A call of
/// ``act(_:)`` allocates nothing then.
public final class Agent: Sendable {
    /// The network.
    public let architecture: NetworkArchitecture
    /// The environment that the policy was trained in.
    public let environment: String
    /// The wrappers around it, the innermost first, for `EnvironmentRegistry.make(_:wrappers:for:)`.
    public let wrappers: [String]
    /// Environment observations that are stacked to one of the network's.
    public let frameStack: Int
    /// Agent steps of training behind the policy.
    public let agentSteps: Int

    let pool: ComputationPool

    /// Loads the policy of a checkpoint file; replay and optimiser are not read.
    ///
    /// - Parameters:
    ///   - concurrency: calls that compute at once, at least 1.
    ///   - precision: how dense layers' weights are kept for single observations.
    /// - Throws: ``DQNCheckpoint/CheckpointError`` when the file is missing, damaged or of a version that this library
    ///   does not know; else as ``init(_:concurrency:precision:)``.
    public convenience init(
        contentsOf url: URL, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount,
        precision: ServingPrecision = .full
    ) throws {
        try self.init(Policy(contentsOf: url), concurrency: concurrency, precision: precision)
    }

    /// Makes an agent of a policy.
    ///
    /// - Parameters:
    ///   - concurrency: calls that compute at once, at least 1.
    ///   - precision: how dense layers' weights are kept for single observations.
    /// - Throws: `ModelError` when the parameters are not the network's (`shapeMismatch`), or beyond half precision where
    ///   that is asked for (`notRepresentable`); `NetworkError` when the compute library refuses the network.
    public init(
        _ policy: Policy, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount,
        precision: ServingPrecision = .full
    ) throws {
        precondition(concurrency >= 1, "an agent computes at least one call at a time")
        architecture = policy.architecture
        environment = policy.environment
        wrappers = policy.wrappers
        frameStack = policy.frameStack
        agentSteps = policy.agentSteps
        let layout = try ParameterLayout(policy.architecture)
        if precision == .half { try Self.requireHalfPrecision(policy.parameters, layout) }
        let parameters = try ParameterSlab(layout: layout, values: policy.parameters)
        pool = try ComputationPool(policy.architecture, parameters, precision: precision, limit: concurrency)
    }

    /// Refuses weights of dense layers that would become infinite.
    private static func requireHalfPrecision(_ parameters: [Float], _ layout: ParameterLayout) throws(ModelError) {
        let largest: Float = 65_504
        for entry in layout.entries where entry.shape.count == 2 && entry.range.upperBound <= parameters.count {
            guard let value = parameters[entry.range].first(where: { abs($0) > largest }) else { continue }
            throw ModelError(
                code: .notRepresentable,
                message:
                    "\(entry.name) holds \(value), and half precision ends at 65504; serve this policy in full precision."
            )
        }
    }

    /// One number per action, the best action's the largest: its Q-value, or of an actor-critic network the logit of
    /// its probability (the state's value is left out).
    ///
    /// - Throws: `ModelError` (`shapeMismatch`) for an observation of another shape or element type; `NetworkError` when
    ///   the compute library refuses another call's memory.
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
        try requireShape(of: observation)
        return try pool.withComputation(batchSize: 1) { computation in
            observation.withBytes { computation.load($0, row: 0, offset: 0) }
            return body(UnsafeBufferPointer(rebasing: try computation.forward().prefix(architecture.actionCount)))
        }
    }

    /// Refuses observations that the network does not take.
    func requireShape(of observation: Observation) throws(ModelError) {
        guard observation.space == architecture.input else {
            throw ModelError(
                code: .shapeMismatch,
                message: "The network takes \(architecture.input.element.rawValue) observations of shape "
                    + "\(architecture.input.shape), not \(observation.space.element.rawValue) of shape "
                    + "\(observation.space.shape).")
        }
    }
}
