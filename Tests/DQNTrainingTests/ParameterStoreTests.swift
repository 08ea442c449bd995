import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Testing

/// A store that forwards to the default one but gives no access to its memory, and can fail.
///
/// `@unchecked Sendable`: `failsSnapshots` only changes between two calls of the trainer.
private final class ForwardingStore: ParameterStore, @unchecked Sendable {
    struct Unreachable: Error {}

    private let store: SharedParameters
    var failsSnapshots = false

    init(_ store: SharedParameters) { self.store = store }

    var layout: ParameterLayout { store.layout }
    var updateCount: Int { store.updateCount }
    var targetRefreshCount: Int { store.targetRefreshCount }
    var inPlace: (online: ParameterSlab, target: ParameterSlab?)? { nil }

    func pull(into parameters: ParameterSlab) -> Int { store.pull(into: parameters) }
    func pullTarget(into parameters: ParameterSlab, ifNewerThan version: Int?) -> Int {
        store.pullTarget(into: parameters, ifNewerThan: version)
    }
    func push(
        _ gradients: ParameterSlab, learningRate: Double, scale: Float, optimizer: Optimizer?,
        pullingInto copy: ParameterSlab?
    ) -> Int {
        store.push(
            gradients, learningRate: learningRate, scale: scale, optimizer: optimizer, pullingInto: copy)
    }
    func refreshTarget(rate: Double) { store.refreshTarget(rate: rate) }
    func snapshot() throws -> ParameterState {
        if failsSnapshots { throw Unreachable() }
        return store.snapshot()
    }
}

@Suite struct ParameterStoreTests {
    private func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.network = "mlp:8"
        // A learner with a copy of the parameters waits until its replay holds a batch.
        configuration.batchSize = 16
        configuration.learningStarts = 20
        configuration.targetInterval = 50
        configuration.evaluationInterval = 100
        configuration.evaluationEpisodes = 1
        return configuration
    }

    /// Trains with a forwarding store from a new run to step 100 and from there to step 200.
    @Test func anInjectedStoreTrainsLikeTheDefaultOne() throws {
        let makeStore: ParameterStoreFactory = { configuration, layout, state in
            ForwardingStore(try SharedParameters(configuration, layout: layout, restoring: state))
        }
        let (plain, injected) = (
            try Trainer(configuration()), try Trainer(configuration(), makeStore: makeStore)
        )
        try plain.advance(to: 100)
        try injected.advance(to: 100)
        let resumed = try Trainer(resuming: injected.checkpoint(), makeStore: makeStore)
        try plain.advance(to: 200)
        try resumed.advance(to: 200)
        let (expected, checkpoint) = (try plain.checkpoint(), try resumed.checkpoint())
        #expect(checkpoint.online == expected.online && checkpoint.target == expected.target)
        #expect(checkpoint.optimizer == expected.optimizer)
        #expect(checkpoint.counters == expected.counters && checkpoint.counters.evaluations == 2)
        #expect(checkpoint.counters.gradientUpdates > 0 && checkpoint.counters.targetRefreshes == 4)
    }

    @Test func aStoreThatFailsEndsTheRun() throws {
        var store: ForwardingStore?
        let trainer = try Trainer(configuration()) { configuration, layout, state in
            let made = ForwardingStore(try SharedParameters(configuration, layout: layout, restoring: state))
            store = made
            return made
        }
        try trainer.advance(to: 50)
        try #require(store).failsSnapshots = true
        #expect {
            try trainer.checkpoint()
        } throws: {
            let error = $0 as? TrainingError
            return error?.code == .runFailed && error?.underlying is ForwardingStore.Unreachable
        }
        #expect(throws: TrainingError.self) { try trainer.advance(to: 60) }
    }
}
