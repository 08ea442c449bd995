import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// oneDNN settles on a computation's threads where it is made: every one must be made on a thread that has told it to use
/// no others, which the chief has not.
@Suite struct ComputationThreadTests {
    /// Tells when a computation is made, on the thread that makes it.
    final class NotingBackend: ComputeBackend {
        private let note: @Sendable () -> Void

        init(_ note: @escaping @Sendable () -> Void) { self.note = note }

        func makeComputation(
            of architecture: NetworkArchitecture, batchSize: Int, training: Bool
        ) throws(NetworkError) -> any NetworkComputation {
            note()
            return try OneDNNBackend().makeComputation(of: architecture, batchSize: batchSize, training: training)
        }
    }

    /// `@unchecked Sendable`: the threads are touched with the lock held.
    final class Threads: @unchecked Sendable {
        private let lock = NSLock()
        private var threads: [Thread] = []
        func addCurrent() { lock.withLock { threads.append(Thread.current) } }
        var all: [Thread] { lock.withLock { threads } }
    }

    @Test func computationsAreMadeOnTheCrewsThreads() throws {
        let threads = Threads()
        var configuration = TrainingConfiguration()
        configuration.network = "mlp:8"
        configuration.evaluationInterval = 100
        configuration.evaluationEpisodes = 1
        let trainer = try Trainer(configuration, backend: NotingBackend { threads.addCurrent() })
        for _ in 0..<2 { try trainer.advance(to: 200) }
        #expect(trainer.counters.evaluations == 2)
        // The worker's acting, learning and bootstrapping computations, then the evaluator's only one.
        let all = threads.all
        try #require(all.count == 4)
        #expect(all[0] === all[1] && all[0] === all[2])
        #expect(all[3] !== all[0])
        #expect(!all.contains { $0 === Thread.current })
    }
}
