import CAllocationCounter
import DQNEnvironments
import DQNModel
import Foundation

/// Wraps an environment and counts its worker's allocations over a range of steps. The counter runs from one call of
/// ``step(_:)`` to a later one on the worker's own thread, so it covers everything that the worker does in between.
struct WatchedEnvironment: Environment {
    /// The counts over all workers.
    ///
    /// `@unchecked Sendable`: everything is accessed only with the lock held.
    final class Count: @unchecked Sendable {
        private let lock = NSLock()
        private var own = 0
        private var computeLibrary = 0
        private var workers = 0

        func add(_ counts: allocation_counts) {
            lock.withLock {
                own += counts.own
                computeLibrary += counts.compute_library
                workers += 1
            }
        }

        /// Allocations by this project and by the compute library, and the number of workers counted.
        var values: (own: Int, computeLibrary: Int, workers: Int) {
            lock.withLock { (own, computeLibrary, workers) }
        }
    }

    private var inner: any Environment
    private let range: Range<Int>
    private let count: Count
    private var steps = 0

    /// Registers a watched environment under an id that no other test uses.
    static func register(_ id: String, steps range: Range<Int>) throws -> (id: String, count: Count) {
        let count = Count()
        let name = "Watched-\(UUID().uuidString)"
        try EnvironmentRegistry.register(name) {
            WatchedEnvironment(inner: try EnvironmentRegistry.make(id), range: range, count: count)
        }
        return (name, count)
    }

    private init(inner: any Environment, range: Range<Int>, count: Count) {
        self.inner = inner
        self.range = range
        self.count = count
    }

    var specification: EnvironmentSpecification { inner.specification }

    mutating func reset(seed: UInt64?) throws { try inner.reset(seed: seed) }

    mutating func step(_ action: Int) throws -> StepOutcome {
        steps += 1
        if steps == range.upperBound { count.add(allocation_counter_stop()) }
        if steps == range.lowerBound { allocation_counter_start() }
        return try inner.step(action)
    }

    func observe(into observation: inout Observation) { inner.observe(into: &observation) }
    func snapshot() throws -> StateSnapshot? { try inner.snapshot() }
    mutating func restore(_ snapshot: StateSnapshot) throws { try inner.restore(snapshot) }
    func renderANSI() -> String { inner.renderANSI() }
}
