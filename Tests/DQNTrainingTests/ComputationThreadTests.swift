import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// oneDNN fixes a computation's threads where it is created, so each must be created on a thread of the pool, which limits
/// itself to one thread.
@Suite struct ComputationThreadTests {
    /// Reports each new computation, on the thread that creates it.
    final class ReportingBackend: ComputeBackend {
        private let report: @Sendable () -> Void

        init(_ report: @escaping @Sendable () -> Void) { self.report = report }

        func makeComputation(
            of architecture: NetworkArchitecture, batchSize: Int, training: Bool
        ) throws(NetworkError) -> any NetworkComputation {
            report()
            return try OneDNNBackend().makeComputation(of: architecture, batchSize: batchSize, training: training)
        }
    }

    /// `@unchecked Sendable`: `threads` is accessed only with the lock held.
    final class Threads: @unchecked Sendable {
        private let lock = NSLock()
        private var threads: [Thread] = []
        func addCurrent() { lock.withLock { threads.append(Thread.current) } }
        var all: [Thread] { lock.withLock { threads } }
    }

    @Test func createsComputationsOnThePoolsThreads() throws {
        let threads = Threads()
        var configuration = TrainingConfiguration()
        configuration.network = "mlp:8"
        configuration.evaluationInterval = 100
        configuration.evaluationEpisodes = 1
        let trainer = try Trainer(configuration, backend: ReportingBackend { threads.addCurrent() })
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
