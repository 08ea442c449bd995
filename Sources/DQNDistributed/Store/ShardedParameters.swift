internal import DQNCheckpoint
package import DQNLearning
package import DQNModel
package import DQNNetwork
internal import DQNSupport
internal import Synchronization

/// The parameters of a run on shards: what the workers of one process train through one exchange.
///
/// The threads of the process take turns. Each call sends a request to every shard and waits for the answers.
///
/// `@unchecked Sendable`: links, slabs and sums are used under `lock`; the counts are atomic.
package final class ShardedParameters: ParameterStore, @unchecked Sendable {
    package let layout: ParameterLayout

    let configuration: TrainingConfiguration
    let options: ExchangeOptions
    let lock = Lock()
    let exchange: ShardExchange
    /// θ after the last exchange: θ itself for a run's only worker.
    let online: ParameterSlab
    /// θ⁻ of a run's only worker.
    let target: ParameterSlab?
    /// The sum of the gradients, or the steps of a worker's own optimiser, that have not been sent.
    let sum: ParameterSlab
    var summed = 0
    /// Zeros, from which a worker's own optimiser steps.
    let step: ParameterSlab
    /// Computes norms with the threads that would take the steps in one process: the last bits depend on their number.
    private let measure: Optimizer
    /// The updates in ``online``, for each shard.
    var versions: [UInt64]
    private let updates: Atomic<Int>
    private let refreshes: Atomic<Int>
    private let droppedGradients = Atomic<Int>(0)

    /// Connects to the shards and copies θ.
    ///
    /// - Parameters:
    ///   - links: to each shard, in order.
    ///   - usesTarget: whether the method has a target network.
    ///   - team: the threads of a run's only worker, if it has several.
    /// - Throws: ``ClusterError`` if the options do not fit the run or a shard refuses; what a link throws.
    package init(
        _ configuration: TrainingConfiguration, layout: ParameterLayout, run: RunIdentity, links: [any ShardLink],
        usesTarget: Bool, options: ExchangeOptions = ExchangeOptions(), team: ComputeTeam? = nil
    ) throws {
        try options.validate(for: configuration)
        self.configuration = configuration
        self.layout = layout
        self.options = options
        let ranges = try ShardRanges(count: layout.count, shards: links.count)
        exchange = ShardExchange(
            links, ranges, run: run, digest: try ranges.digest(of: layout), usesHalf: options.usesHalf)
        online = ParameterSlab(layout: layout)
        target = options.isOnlyWorker && usesTarget ? ParameterSlab(layout: layout) : nil
        sum = ParameterSlab(layout: layout)
        step = ParameterSlab(layout: layout)
        // It takes no steps.
        measure = Optimizer(configuration.optimizer, layout: ParameterLayout(partOf: 1), team: team)
        let pulled = try exchange.pull(into: online)
        versions = pulled.map(\.version)
        updates = Atomic(Int(versions.max() ?? 0))
        refreshes = Atomic(Int(pulled.map(\.refreshes).min() ?? 0))
        if let target { _ = try exchange.pull(isTarget: true, into: target) }
    }

    /// The updates of the shard that has made most, by the last answers; see ``readCounts()``.
    package var updateCount: Int { updates.load(ordering: .relaxed) }
    /// The refreshes that all shards had made at the last answers.
    package var targetRefreshCount: Int { refreshes.load(ordering: .relaxed) }
    /// Gradients that at least one shard found too old.
    package var droppedCount: Int { droppedGradients.load(ordering: .relaxed) }

    package var inPlace: (online: ParameterSlab, target: ParameterSlab?)? {
        options.isOnlyWorker ? (online, target) : nil
    }

    package func pull(into parameters: ParameterSlab) throws -> Int {
        try lock.withLock {
            if !options.isOnlyWorker {
                let answers = try exchange.pull(into: online)
                versions = answers.map(\.version)
                note(answers, updates: versions.max())
            }
            if parameters !== online { parameters.copy(from: online) }
            return updateCount
        }
    }

    package func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) throws -> Int {
        guard version != targetRefreshCount else { return targetRefreshCount }
        return try lock.withLock {
            if options.isOnlyWorker {
                if let target, parameters !== target { parameters.copy(from: target) }
                return targetRefreshCount
            }
            // Shards are refreshed one after another: the oldest part decides, and the next call comes for the others.
            let refreshes = Int(try exchange.pull(isTarget: true, into: parameters).map(\.refreshes).min() ?? 0)
            return refreshes
        }
    }

    package func norm(of gradients: ParameterSlab) -> Double { measure.norm(of: gradients) }

    package func refreshTarget(rate: Double) throws {
        try lock.withLock {
            note(try exchange.refresh(rate: rate), updates: nil)
            target?.move(towards: online, by: rate)
        }
    }

    /// Asks the shards for their counts, as a process that exchanges nothing else must before it reads them.
    package func readCounts() throws {
        try lock.withLock {
            let answers = try exchange.counts()
            note(answers, updates: answers.map(\.version).max())
        }
    }

    /// Returns the joined states of all shards. What this process has accumulated and not sent is not part of it.
    package func snapshot() throws -> ParameterState {
        try lock.withLock { try ParameterState(joining: exchange.save()) }
    }

    /// Takes the counts from the answers to one request.
    func note(_ answers: [ExchangeHeader], updates: UInt64?) {
        if let updates { self.updates.store(Int(updates), ordering: .relaxed) }
        refreshes.store(Int(answers.map(\.refreshes).min() ?? 0), ordering: .relaxed)
        if answers.contains(where: { $0.flags.contains(.isDropped) }) {
            droppedGradients.add(1, ordering: .relaxed)
        }
    }
}
