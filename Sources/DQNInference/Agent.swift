public import DQNCheckpoint
public import DQNModel
public import DQNNetwork
public import Foundation

/// A trained policy: loads a checkpoint, computes action values and acts greedily.
///
/// ```swift
/// let agent = try Agent(contentsOf: url)
/// let action = try agent.action(for: observation)
/// ```
///
/// An observation is what the network saw in training: frames are stacked (see ``frameStack``) and pixels are bytes.
///
/// An agent is safe to call from many threads at once. Up to `concurrency` calls compute in parallel; further calls wait
/// their turn. All calls read one copy of the parameters. The first call that finds all computations busy creates
/// another one, with its own input, activations and weights in the compute library's layout. Apart from that,
/// ``action(for:)`` allocates nothing.
public final class Agent: Sendable {
    /// The network.
    public let architecture: NetworkArchitecture
    /// The id of the environment that the policy was trained in.
    public let environment: String
    /// The environment's wrappers, innermost first, for `EnvironmentRegistry.make(_:wrappers:for:)`.
    public let wrappers: [String]
    /// The number of environment observations that make one observation of the network.
    public let frameStack: Int
    /// The number of agent steps that the policy was trained for.
    public let agentSteps: Int
    /// Whether the policy was trained to choose among the actions that the environment's masks allow; see
    /// ``action(for:allowing:)``.
    package let usesActionMasks: Bool

    let pool: ComputationPool

    /// Loads the policy of a checkpoint file. Does not read the replay or the optimiser.
    ///
    /// - Parameters:
    ///   - url: a checkpoint file.
    ///   - concurrency: the number of calls that may compute at once, at least 1.
    ///   - precision: the precision of dense layers' weights for single observations.
    /// - Throws: `CheckpointError`: `missing`, `malformed`, `unsupportedVersion` or `unknownExtension` when the file
    ///   cannot be read; `invalidState`, with the `ModelError` as its `underlying` error, when the policy cannot be run.
    public convenience init(
        contentsOf url: URL, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount,
        precision: ServingPrecision = .full
    ) throws(CheckpointError) {
        let policy = try Policy(contentsOf: url)
        do {
            try self.init(policy, concurrency: concurrency, precision: precision)
        } catch {
            throw CheckpointError(
                code: .invalidState, message: "Cannot run the policy in '\(url.path)': \(error.message)",
                underlying: error)
        }
    }

    /// Creates an agent from a policy.
    ///
    /// - Parameters:
    ///   - policy: the network and its parameters.
    ///   - concurrency: the number of calls that may compute at once, at least 1.
    ///   - precision: the precision of dense layers' weights for single observations.
    /// - Throws: `ModelError`: `shapeMismatch` when the number of parameters is not the network's; `notRepresentable`
    ///   when half precision cannot represent a weight; `invalidArchitecture`; `computationFailed` when the compute
    ///   library rejects the network.
    public init(
        _ policy: Policy, concurrency: Int = ProcessInfo.processInfo.activeProcessorCount,
        precision: ServingPrecision = .full
    ) throws(ModelError) {
        precondition(concurrency >= 1, "concurrency must be at least 1")
        architecture = policy.architecture
        environment = policy.environment
        wrappers = policy.wrappers
        frameStack = policy.frameStack
        agentSteps = policy.agentSteps
        usesActionMasks = policy.usesActionMasks
        let layout = try ParameterLayout(policy.architecture)
        guard policy.parameters.count == layout.count else {
            throw ModelError(
                code: .shapeMismatch,
                message: "The network has \(layout.count) parameters, but the policy has \(policy.parameters.count).")
        }
        if precision == .half { try Self.requireHalfPrecision(policy.parameters, layout) }
        do throws(NetworkError) {
            let parameters = try ParameterSlab(layout: layout, values: policy.parameters)
            pool = try ComputationPool(policy.architecture, parameters, precision: precision, limit: concurrency)
        } catch {
            throw .computationFailed(error)
        }
    }

    /// Rejects weights of dense layers that half precision would turn into infinity.
    private static func requireHalfPrecision(_ parameters: [Float], _ layout: ParameterLayout) throws(ModelError) {
        let largest: Float = 65_504
        for entry in layout.entries where entry.role == .weight && entry.shape.count == 2 {
            guard let value = parameters[entry.range].first(where: { abs($0) > largest }) else { continue }
            throw ModelError(
                code: .notRepresentable,
                message:
                    "\(entry.name) holds \(value), but half precision ends at 65504; load this policy in full precision."
            )
        }
    }

    /// Returns one number per action, largest for the best action: its Q-value (with a head of quantiles, their mean), or
    /// for an actor-critic network the logit of its probability.
    ///
    /// - Throws: `ModelError`: `shapeMismatch` when the observation has another shape or element type than
    ///   ``architecture``'s input; `computationFailed` when the compute library fails, which usually means that it ran
    ///   out of memory.
    public func actionValues(for observation: Observation) throws(ModelError) -> [Float] {
        try withActionValues(observation) { Array($0) }
    }

    /// Returns the action with the largest Q-value, or the most probable action of an actor-critic network; the lowest
    /// index among equals.
    ///
    /// - Throws: the errors of `actionValues(for:)`.
    public func action(for observation: Observation) throws(ModelError) -> Int {
        try withActionValues(observation) { $0.indexOfMaximum }
    }

    /// Returns the allowed action with the largest Q-value or, for an actor-critic network, probability; the lowest index
    /// among equals.
    ///
    /// - Parameter observation: The input of the network.
    /// - Parameter mask: whether each action is allowed, at least one of them; `nil` allows all.
    /// - Throws: the errors of `actionValues(for:)`; `shapeMismatch` for a mask of another length.
    public func action(for observation: Observation, allowing mask: [Bool]?) throws(ModelError) -> Int {
        guard let mask else { return try action(for: observation) }
        try requireShape(of: mask)
        return try withActionValues(observation) { values in
            mask.withUnsafeBytes { values.indexOfMaximum(allowing: $0) }
        }
    }

    private func withActionValues<Result>(
        _ observation: Observation, _ body: (UnsafeBufferPointer<Float>) -> Result
    ) throws(ModelError) -> Result {
        try requireShape(of: observation)
        return try withComputation(batchSize: 1) { computation throws(NetworkError) in
            observation.withBytes { computation.load($0, row: 0, offset: 0) }
            return withActionValues(ofRow: 0, try computation.forward(), body)
        }
    }

    /// Calls `body` with the action values of one row of a computation's outputs.
    func withActionValues<Result>(
        ofRow row: Int, _ outputs: UnsafeBufferPointer<Float>, _ body: (UnsafeBufferPointer<Float>) -> Result
    ) -> Result {
        let (width, actions) = (architecture.outputCount, architecture.actionCount)
        guard case .quantiles(_, let quantiles) = architecture.head else {
            return body(UnsafeBufferPointer(rebasing: outputs[(row * width)..<(row * width + actions)]))
        }
        // On the stack, unless there are hundreds of actions.
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: actions) { means in
            UnsafeBufferPointer(rebasing: outputs[(row * width)..<((row + 1) * width)])
                .writeMeans(ofEach: quantiles, to: means)
            return body(UnsafeBufferPointer(means))
        }
    }

    /// Lends `body` a computation of the pool.
    func withComputation<Result>(
        batchSize: Int, _ body: (any NetworkComputation) throws(NetworkError) -> Result
    ) throws(ModelError) -> Result {
        do throws(NetworkError) {
            return try pool.withComputation(batchSize: batchSize, body)
        } catch {
            throw .computationFailed(error)
        }
    }

    /// Rejects a mask that does not fit the network's actions, or allows none.
    func requireShape(of mask: [Bool]?) throws(ModelError) {
        guard let mask else { return }
        guard mask.count == architecture.actionCount, mask.contains(true) else {
            throw ModelError(
                code: .shapeMismatch,
                message: "An action mask must have \(architecture.actionCount) entries, one per action, and allow at "
                    + "least one; found \(mask.count), of which \(mask.filter(\.self).count) allow.")
        }
    }

    /// Rejects an observation that does not fit the network's input.
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

extension ModelError {
    /// Wraps an error of the compute library.
    fileprivate static func computationFailed(_ error: NetworkError) -> ModelError {
        ModelError(code: .computationFailed, message: error.message, underlying: error)
    }
}

// Earlier names, kept for programs that use them.
extension Agent {
    /// Returns the best action.
    @available(*, deprecated, renamed: "action(for:)")
    public func act(_ observation: Observation) throws(ModelError) -> Int { try action(for: observation) }

    /// Returns one number per action.
    @available(*, deprecated, renamed: "actionValues(for:)")
    public func actionValues(_ observation: Observation) throws(ModelError) -> [Float] {
        try actionValues(for: observation)
    }
}
