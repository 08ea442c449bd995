import DQNCheckpoint
@_spi(Distributed) import DQNDistributed
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// Shards in this process, with the stores that train on them.
private struct Shards {
    let run = RunIdentity.random()
    let shards: [ParameterShard]

    init(
        _ count: Int, _ configuration: TrainingConfiguration, _ layout: ParameterLayout, _ state: ParameterState,
        maximumStaleness: Int? = nil
    ) throws {
        let ranges = try ShardRanges(count: layout.count, shards: count)
        let digest = try ranges.digest(of: layout)
        let run = run
        shards = try ranges.ranges.enumerated().map { index, range in
            try ParameterShard(
                ShardAddress(run: run, layout: digest, shard: UInt32(index)), configuration.optimizer,
                restoring: state.part(range), maximumStaleness: maximumStaleness)
        }
    }

    func store(
        _ configuration: TrainingConfiguration, _ layout: ParameterLayout, usesTarget: Bool = true,
        _ options: ExchangeOptions
    ) throws -> ShardedParameters {
        try ShardedParameters(
            configuration, layout: layout, run: run, links: shards.map { LocalShardLink(to: $0) },
            usesTarget: usesTarget, options: options)
    }

    /// A store of a run's only process.
    static func factory(_ count: Int, _ change: @escaping (inout ExchangeOptions) -> Void = { _ in })
        -> ParameterStoreFactory
    {
        { configuration, layout, state in
            var options = ExchangeOptions()
            options.isOnlyWorker = configuration.workers == 1
            change(&options)
            return try Shards(count, configuration, layout, state)
                .store(configuration, layout, usesTarget: state.target != nil, options)
        }
    }
}

/// A link that can be lost, and that requires requests and answers to alternate.
private final class StrictLink: ShardLink {
    private let link: LocalShardLink
    private var isOpen = false
    var isLost = false

    init(to shard: ParameterShard) { link = LocalShardLink(to: shard) }

    private struct Loss: Error {}

    func send(_ message: UnsafeRawBufferPointer) throws {
        #expect(!isOpen, "a request has no answer yet")
        if isLost { throw Loss() }
        isOpen = true
        link.send(message)
    }

    func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        #expect(isOpen, "no request is open")
        isOpen = false
        try link.receive(body)
    }

    func close() {}
}

@Suite struct ShardedParametersTests {
    private func configuration(_ method: String, workers: Int = 1) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.method = method
        configuration.network = "mlp:24"
        configuration.workers = workers
        configuration.batchSize = 16
        configuration.learningStarts = 20
        configuration.targetInterval = 50
        configuration.evaluationInterval = 100
        configuration.evaluationEpisodes = 1
        return configuration
    }

    /// One worker trains to the same state on any number of shards as in one process: to step 100, and from there to
    /// step 200 on another number of shards, or none.
    @Test(arguments: ["async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"], [1, 2, 3])
    func oneWorkerTrainsToTheSameBytes(method: String, shards: Int) throws {
        let configuration = configuration(method)
        let plain = try Trainer(configuration)
        let sharded = try Trainer(configuration, makeStore: Shards.factory(shards))
        try plain.advance(to: 100)
        try sharded.advance(to: 100)
        try expectSame(try sharded.checkpoint(), try plain.checkpoint())
        let resumed = try Trainer(resuming: sharded.checkpoint(), makeStore: Shards.factory(4 - shards))
        let unsharded = try Trainer(resuming: sharded.checkpoint())
        for trainer in [plain, resumed, unsharded] { try trainer.advance(to: 200) }
        let expected = try plain.checkpoint()
        try expectSame(try resumed.checkpoint(), expected)
        try expectSame(try unsharded.checkpoint(), expected)
        #expect(expected.counters.gradientUpdates > 0)
    }

    /// Compares the bytes of the files.
    private func expectSame(_ checkpoint: Checkpoint, _ expected: Checkpoint) throws {
        #expect(checkpoint.online == expected.online && checkpoint.target == expected.target)
        #expect(checkpoint.optimizer == expected.optimizer && checkpoint.counters == expected.counters)
        #expect(try bytes(of: checkpoint) == bytes(of: expected))
    }

    private func bytes(of checkpoint: Checkpoint) throws -> Data {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sharded-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: file) }
        try checkpoint.write(to: file)
        return try Data(contentsOf: file)
    }

    @Test(arguments: ["async-dqn", "a3c"], [false, true])
    func theWorkersOwnOptimisersStepTheSameBits(method: String, isPartial: Bool) throws {
        var configuration = configuration(method)
        try configuration.set("shared_statistics", to: .bool(false))
        if isPartial, method == "async-dqn" { try configuration.set("target_rate", to: .number(0.25)) }
        let plain = try Trainer(configuration)
        let sharded = try Trainer(configuration, makeStore: Shards.factory(3))
        try plain.advance(to: 200)
        try sharded.advance(to: 200)
        try expectSame(try sharded.checkpoint(), try plain.checkpoint())
    }

    @Test(arguments: ["async-dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func severalWorkersTrainThroughOneExchange(method: String) throws {
        let trainer = try Trainer(
            configuration(method, workers: 3),
            makeStore: Shards.factory(2) {
                $0.accumulation = 2
                $0.usesHalf = true
            })
        try trainer.advance(to: 100)
        try trainer.advance(to: 200)
        let checkpoint = try trainer.checkpoint()
        #expect(checkpoint.counters.agentSteps == 200 && checkpoint.counters.gradientUpdates > 0)
        #expect(checkpoint.online.allSatisfy { $0.isFinite })
        let resumed = try Trainer(resuming: checkpoint)
        try resumed.advance(to: 220)
    }

    private func stores(
        maximumStaleness: Int? = nil, _ options: ExchangeOptions = ExchangeOptions()
    ) throws -> (Shards, [ShardedParameters], ParameterLayout) {
        let configuration = configuration("async-dqn", workers: 2)
        let layout = try ParameterLayout(
            NetworkArchitecture("mlp:24", input: .init(shape: [4], element: .float32), actions: 2))
        let online = (0..<layout.count).map { Float($0) / 100 }
        let shards = try Shards(
            2, configuration, layout, ParameterState(online: online, target: online, optimizer: nil),
            maximumStaleness: maximumStaleness)
        return (shards, try (0..<2).map { _ in try shards.store(configuration, layout, options) }, layout)
    }

    private func ones(_ layout: ParameterLayout) -> ParameterSlab {
        let slab = ParameterSlab(layout: layout)
        slab.elements.update(repeating: 1)
        return slab
    }

    @Test func processesSeeEachOthersUpdatesAndRefreshes() throws {
        let (shards, stores, layout) = try stores()
        let copy = ParameterSlab(layout: layout)
        #expect(try stores[0].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: nil) == 0)
        #expect(try stores[1].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: copy) == 1)
        #expect(copy.values == shards.shards.flatMap { $0.snapshot().online })
        #expect(try stores[0].pull(into: copy) == 2)
        let version = try stores[1].pullTarget(into: copy, ifNewerThan: nil)
        try stores[0].refreshTarget(rate: 1)
        // The other process learns of it with its next answer.
        #expect(try stores[1].pullTarget(into: copy, ifNewerThan: version) == 0)
        try stores[1].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: nil)
        #expect(try stores[1].pullTarget(into: copy, ifNewerThan: version) == 1)
        #expect(copy.values == shards.shards.flatMap { $0.snapshot().target ?? [] })
        #expect(stores[0].updateCount == 2 && stores[0].targetRefreshCount == 1)
        try stores[0].readCounts()
        #expect(stores[0].updateCount == 3)
        let whole = try stores[0].snapshot()
        #expect(whole.updateCount == 3 && whole.targetRefreshCount == 1 && whole.optimizer?.stepCount == 3)
    }

    /// A process may have other threads, and a chief saves what it can: a lost shard leaves the streams of the others in
    /// order.
    @Test func aLostShardFailsEveryExchangeAndNothingElse() throws {
        let (shards, _, layout) = try stores()
        let links = shards.shards.map { StrictLink(to: $0) }
        let store = try ShardedParameters(
            configuration("async-dqn", workers: 2), layout: layout, run: shards.run, links: links, usesTarget: true)
        let copy = ParameterSlab(layout: layout)
        for lost in [1, 0] {
            links[lost].isLost = true
            #expect(throws: (any Error).self) { try store.pull(into: copy) }
            #expect(throws: (any Error).self) {
                try store.push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: copy)
            }
            #expect(throws: (any Error).self) { try store.snapshot() }
            #expect(throws: (any Error).self) { try store.readCounts() }
            links[lost].isLost = false
            _ = try store.pull(into: copy)
        }
    }

    @Test func gradientsOfAProcessThatIsBehindAreDropped() throws {
        let (shards, stores, layout) = try stores(maximumStaleness: 1)
        for _ in 0..<2 {
            try stores[0].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: nil)
        }
        let copy = ParameterSlab(layout: layout)
        let before = try stores[0].snapshot()
        try stores[1].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: copy)
        #expect(stores[1].droppedCount == 1 && copy.values == before.online)
        #expect(shards.shards.allSatisfy { $0.counts.dropped == 1 })
        // Its new copy is young enough.
        try stores[1].push(ones(layout), learningRate: 0.1, scale: 1, optimizer: nil, pullingInto: copy)
        #expect(stores[1].droppedCount == 1 && copy.values != before.online)
    }

    @Test func accumulatedGradientsAreAveraged() throws {
        var options = ExchangeOptions()
        options.accumulation = 4
        let (shards, stores, layout) = try stores(options)
        let (expectedShards, expected, _) = try self.stores()
        for _ in 0..<4 {
            try stores[0].push(ones(layout), learningRate: 0.1, scale: 0.5, optimizer: nil, pullingInto: nil)
        }
        try expected[0].push(ones(layout), learningRate: 0.1, scale: 0.5, optimizer: nil, pullingInto: nil)
        #expect(
            shards.shards.flatMap { $0.snapshot().online } == expectedShards.shards.flatMap { $0.snapshot().online })
        #expect(shards.shards.allSatisfy { $0.counts.updates == 1 })
    }

    @Test func onlyAWorkerAloneHasAMirror() throws {
        let layout = try ParameterLayout(
            NetworkArchitecture("mlp:24", input: .init(shape: [4], element: .float32), actions: 2))
        let state = ParameterState(online: Array(repeating: 0, count: layout.count), target: nil, optimizer: nil)
        for (workers, accumulation, usesHalf) in [(2, 1, false), (1, 2, false), (1, 1, true), (1, 0, false)] {
            let configuration = configuration("a3c", workers: workers)
            var options = ExchangeOptions()
            (options.isOnlyWorker, options.accumulation, options.usesHalf) = (true, accumulation, usesHalf)
            #expect(throws: ClusterError.self) {
                try Shards(1, configuration, layout, state).store(configuration, layout, usesTarget: false, options)
            }
        }
    }
}
