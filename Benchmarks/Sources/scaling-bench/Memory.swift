import DQNModel
import DQNNetwork
import Foundation

/// How fast threads copy memory that is their own.
struct CopyRate: Encodable {
    var bytes: Int
    var threads: Int
    /// Bytes read and written a second by all threads together, 10⁹.
    var gigabytesPerSecond: Double

    /// The fastest of some rounds.
    static func measure(bytes: Int, threads: Int, rounds: Int) -> CopyRate {
        let rates = (0..<max(rounds, 1)).map { _ in
            let each = try? Together.run(threads) { _, start in
                let source = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
                let target = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
                defer {
                    source.deallocate()
                    target.deallocate()
                }
                memset(source, 1, bytes)
                memset(target, 2, bytes)
                start()
                let began = Clock.wall
                var copies = 0
                repeat {
                    memcpy(target, source, bytes)
                    memcpy(source, target, bytes)
                    copies += 2
                } while Clock.wall - began < 0.3
                return Double(2 * copies * bytes) / (Clock.wall - began)
            }
            return (each ?? []).reduce(0, +)
        }
        return CopyRate(bytes: bytes, threads: threads, gigabytesPerSecond: (rates.max() ?? 0) / 1e9)
    }
}

/// How many updates are overwritten, counted: in training they cannot be, but with these constants each step of RMSProp
/// takes exactly 1 off each parameter, so that what is missing at the end was lost.
struct Overwrites: Encodable {
    var threads: Int
    /// Whether the threads compute between updates, as workers do, or do nothing but update.
    var computing: Bool
    /// Updates of all threads.
    var updates: Int
    /// Mean over the parameters of the share of updates that left no trace.
    var lostShare: Double
    /// Microseconds of processor time between two updates of one thread, and of an update.
    var cycle: Double
    var push: Double

    /// Losses over all rounds, since they are few; times of the quickest one.
    static func measure(_ plan: CyclePlan, threads: Int, computing: Bool, rounds: Int) throws -> Overwrites {
        let all = try (0..<max(rounds, 1)).map { _ in try measure(plan, threads: threads, computing: computing) }
        let updates = all.reduce(0) { $0 + $1.updates }
        let lost = all.reduce(0) { $0 + $1.lostShare * Double($1.updates) }
        return Overwrites(
            threads: threads, computing: computing, updates: updates, lostShare: lost / Double(updates),
            cycle: all.map(\.cycle).min() ?? 0, push: all.map(\.push).min() ?? 0)
    }

    private static func measure(_ plan: CyclePlan, threads: Int, computing: Bool) throws -> Overwrites {
        let layout = try ParameterLayout(plan.architecture)
        let shared = ParameterSlab(layout: layout)
        // With decay 1 the averages stay 0, with ε 1 the root is 1.
        let optimizer = Optimizer(.rmsprop(decay: 1, epsilon: 1, centred: false), layout: layout)
        let times = try Together.run(threads) { _, start in
            let worker = try CycleWorker(plan, layout)
            let ones = ParameterSlab(layout: layout)
            ones.elements.update(repeating: 1)
            let own = ParameterSlab(layout: layout)
            start()
            let (began, processor) = (Clock.wall, Clock.processor)
            var count = 0
            var pushing = 0.0
            repeat {
                if computing {
                    own.copy(from: shared)
                    try worker.act()
                    try worker.learn()
                }
                let before = Clock.processor
                optimizer.step(shared, gradients: ones, learningRate: 1)
                pushing += Clock.processor - before
                count += 1
            } while Clock.wall - began < plan.seconds
            return (count: count, cycle: (Clock.processor - processor) / Double(count), push: pushing / Double(count))
        }
        let updates = times.reduce(0) { $0 + $1.count }
        let left = shared.elements.reduce(0.0) { $0 - Double($1) } / Double(layout.count)
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) * 1e6 }
        return Overwrites(
            threads: threads, computing: computing, updates: updates, lostShare: 1 - left / Double(updates),
            cycle: mean(times.map(\.cycle)), push: mean(times.map(\.push)))
    }
}
