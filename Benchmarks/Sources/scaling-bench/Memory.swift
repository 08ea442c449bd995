import DQNModel
import DQNNetwork
import Foundation

/// The rate at which threads copy their own memory.
struct CopyRate: Encodable {
    var bytes: Int
    var threads: Int
    /// Bytes read and written per second by all threads together, in 10⁹.
    var gigabytesPerSecond: Double

    /// Returns the highest rate of several rounds.
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

/// The number of updates that other threads overwrite.
///
/// It cannot be counted in training. With these constants each step of RMSProp subtracts exactly 1 from each parameter,
/// so that the difference at the end is the number of lost updates.
struct Overwrites: Encodable {
    var threads: Int
    /// Whether the threads compute between updates, as workers do.
    var computing: Bool
    /// Updates of all threads.
    var updates: Int
    /// The share of lost updates, averaged over the parameters.
    var lostShare: Double
    /// Microseconds of processor time between two updates of one thread, and per update.
    var cycle: Double
    var push: Double

    /// Returns the losses of all rounds, because they are rare, and the times of the fastest round.
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
        // With decay 1 the averages stay 0; with ε 1 the root is 1.
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
