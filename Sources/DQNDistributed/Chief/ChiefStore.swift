package import DQNLearning
package import DQNModel
package import DQNNetwork
internal import DQNSupport
package import DQNTraining

/// The chief's view of the parameters on the shards, off the path of the gradients; it brings the run's workers.
///
/// `@unchecked Sendable`: the links are used under the lock of the parameters, apart from ``close()``.
package final class ChiefStore: CrewProviding, @unchecked Sendable {
    private let desk: ChiefDesk
    private let parameters: ShardedParameters
    private let links: [any ShardLink]

    /// Divides a run's state among the shards.
    ///
    /// - Parameter connect: opens a connection to a shard, which may be lost at any time.
    /// - Throws: ``ClusterError`` if the method's workers do not train asynchronously, or shards are missing.
    package init(
        _ desk: ChiefDesk, _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ state: ParameterState,
        connect: (_ name: String, _ address: String) throws -> any ShardLink
    ) throws {
        let method = try TrainingMethods.named(configuration.method)
        guard method.allowsSeveralWorkers else {
            throw ClusterError(
                code: .invalidCluster,
                message:
                    "The workers of the method '\(method.name)' do not train asynchronously; use async-dqn, async-q, "
                    + "async-sarsa, async-nstep-q or a3c.")
        }
        guard configuration.workerSteps == 0 else {
            throw ClusterError(
                code: .invalidCluster,
                message:
                    "worker_steps is \(configuration.workerSteps), but the workers of several processes share their "
                    + "steps; set it to 0.")
        }
        var options = desk.settings.exchange
        options.isOnlyWorker = configuration.workers == 1
        try options.validate(for: configuration)
        let addresses = try desk.startShards(configuration, layout, state)
        links = try addresses.enumerated().map { try connect("shard \($0)", $1) }
        self.desk = desk
        let links = links
        desk.monitor.withLock {
            desk.onFailure = { for link in links { link.close() } }
            if desk.failure != nil { desk.onFailure() }
        }
        // The chief exchanges no gradients, and evaluates and saves θ as it is.
        parameters = try ShardedParameters(
            configuration, layout: layout, run: desk.run, links: links, usesTarget: method.usesTarget)
    }

    package func makeCrew(_ context: CrewContext) throws -> any Crew { try ProcessCrew(desk, parameters, context) }

    /// Ends the connections: requests that wait for an answer fail.
    package func close() { for link in links { link.close() } }

    package var layout: ParameterLayout { parameters.layout }
    package var updateCount: Int { parameters.updateCount }
    package var targetRefreshCount: Int { parameters.targetRefreshCount }
    package var inPlace: (online: ParameterSlab, target: ParameterSlab?)? { nil }

    package func pull(into copy: ParameterSlab) throws -> Int { try parameters.pull(into: copy) }

    package func pullTarget(into copy: ParameterSlab, ifNewerThan version: Int?) throws -> Int {
        try parameters.pullTarget(into: copy, ifNewerThan: version)
    }

    @discardableResult
    package func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, optimizer: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) throws -> Int {
        try parameters.push(
            gradients, learningRate: learningRate, scale: scale, optimizer: optimizer, pullingInto: copy)
    }

    package func refreshTarget(rate: Double) throws { try parameters.refreshTarget(rate: rate) }

    package func snapshot() throws -> ParameterState { try parameters.snapshot() }
}
