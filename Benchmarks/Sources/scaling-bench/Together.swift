import Foundation
import Synchronization

/// Clocks, in seconds.
enum Clock {
    static var wall: Double { read(CLOCK_MONOTONIC) }
    /// The processor time of the calling thread.
    static var processor: Double { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}

/// Threads that start their measurement at the same time.
enum Together {
    /// Runs `body` on each thread and returns the results by thread.
    ///
    /// - Parameter body: Calls its second argument when it is ready; that returns when all threads are.
    /// - Throws: The first error.
    static func run<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int, () -> Void) throws -> Result
    ) throws -> [Result] {
        let ready = Ready()
        let results = Results<Result>(count)
        let threads = (0..<count).map { index in
            Thread {
                var isReady = false
                let outcome = Swift.Result<Result, any Error> {
                    try body(index) {
                        isReady = true
                        ready.wait(for: count)
                    }
                }
                // A thread that failed must not block the others.
                if !isReady { ready.wait(for: count) }
                results.put(outcome, at: index)
            }
        }
        for thread in threads {
            thread.stackSize = 8 << 20
            thread.start()
        }
        return try results.all().map { try $0.get() }
    }

    private final class Ready: Sendable {
        private let count = Atomic<Int>(0)
        func wait(for all: Int) {
            count.add(1, ordering: .acquiringAndReleasing)
            while count.load(ordering: .acquiring) < all { usleep(50) }
        }
    }

    /// `@unchecked Sendable`: `values` is only accessed with `condition` held.
    private final class Results<Value: Sendable>: @unchecked Sendable {
        private let condition = NSCondition()
        private var values: [Result<Value, any Error>?]

        init(_ count: Int) { values = Array(repeating: nil, count: count) }

        func put(_ value: Result<Value, any Error>, at index: Int) {
            condition.withLock {
                values[index] = value
                condition.broadcast()
            }
        }

        func all() -> [Result<Value, any Error>] {
            condition.withLock {
                while values.contains(where: { $0 == nil }) { condition.wait() }
                return values.compactMap { $0 }
            }
        }
    }
}
