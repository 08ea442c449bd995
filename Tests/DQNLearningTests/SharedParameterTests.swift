import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import Foundation
import Testing

@Suite struct SharedParameterTests {
    private func makeArchitecture() throws -> NetworkArchitecture {
        try NetworkArchitecture("mlp:8", input: ObservationSpace(shape: [3], element: .float32), actions: 2)
    }

    private func makeLayout() throws -> ParameterLayout { try ParameterLayout(makeArchitecture()) }

    private func drawnState(_ configuration: TrainingConfiguration, usesTarget: Bool) throws -> ParameterState {
        let architecture = try makeArchitecture()
        return ParameterState(
            drawnFor: configuration, architecture, layout: try ParameterLayout(architecture), usesTarget: usesTarget)
    }

    /// Pushes a few gradients, with a target refresh in between.
    private func train(_ store: SharedParameters, seed: UInt64) {
        let gradients = ParameterSlab(layout: store.layout)
        var generator = RandomGenerator(seed: seed)
        for step in 0..<3 {
            gradients.initialize(using: &generator)
            store.push(gradients, learningRate: 1e-2, scale: 0.5, optimizer: nil, pullingInto: nil)
            if step == 1 { store.refreshTarget(rate: 0.5) }
        }
    }

    @Test func aRestoredStoreContinuesLikeTheOriginal() throws {
        let layout = try makeLayout()
        let configuration = TrainingConfiguration()
        let initial = try drawnState(configuration, usesTarget: true)
        let store = try SharedParameters(configuration, layout: layout, restoring: initial)
        train(store, seed: 1)
        let restored = try SharedParameters(configuration, layout: layout, restoring: store.snapshot())
        train(store, seed: 2)
        train(restored, seed: 2)
        let (expected, state) = (store.snapshot(), restored.snapshot())
        #expect(state.online == expected.online && state.online != initial.online)
        #expect(state.target == expected.target && state.target != initial.target)
        #expect(state.optimizer == expected.optimizer && state.optimizer?.stepCount == 6)
        #expect(state.updateCount == 6 && state.targetRefreshCount == 2)
        #expect(expected.updateCount == 6 && expected.targetRefreshCount == 2)
    }

    #if os(Linux)
        /// Page faults of this thread.
        private var pageFaults: Int {
            var usage = rusage()
            getrusage(1, &usage)  // RUSAGE_THREAD, which is not imported
            return usage.ru_minflt
        }

        /// A save finds its memory ready, the first one and the one while the saver holds the last copy.
        @Test func theFirstSnapshotsNeedNoNewMemory() throws {
            let architecture = try NetworkArchitecture(
                "mlp:1024,1024", input: ObservationSpace(shape: [64], element: .float32), actions: 2)
            let layout = try ParameterLayout(architecture)
            let pages = layout.count * MemoryLayout<Float>.stride / 4096
            #expect(pages > 1000)
            var configuration = TrainingConfiguration()
            configuration.optimizer.kind = .adam
            let store = try SharedParameters(
                configuration, layout: layout,
                restoring: ParameterState(
                    drawnFor: configuration, architecture, layout: layout, usesTarget: true))
            let before = pageFaults
            let snapshots = [store.snapshot(), store.snapshot()]
            #expect(pageFaults - before < pages / 4)
            #expect(snapshots[0].online == snapshots[1].online && snapshots[0].target == snapshots[0].online)
        }
    #endif

    @Test func refusesAStateOfAnotherNetwork() throws {
        let configuration = TrainingConfiguration()
        let layout = try makeLayout()
        let state = ParameterState(online: [1, 2, 3], target: nil, optimizer: nil)
        #expect(throws: NetworkError.self) {
            try SharedParameters(configuration, layout: layout, restoring: state)
        }
    }

    @Test func onlyTheOnlyWorkerComputesInPlace() throws {
        var configuration = TrainingConfiguration()
        let layout = try makeLayout()
        let state = try drawnState(configuration, usesTarget: false)
        let single = try SharedParameters(configuration, layout: layout, restoring: state)
        #expect(single.inPlace != nil && single.inPlace?.target == nil)
        configuration.workers = 2
        #expect(try SharedParameters(configuration, layout: layout, restoring: state).inPlace == nil)
    }
}
