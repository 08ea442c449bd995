import DQNModel
import DQNNetwork
import Foundation

/// Median microseconds of processor time of the parts of a cycle.
///
/// A cycle is the work of one worker of the methods without a replay between copies of the shared parameters, without
/// the environment and the bookkeeping.
struct CycleTimes: Encodable {
    var threads: Int
    var sharing: Bool
    /// θ′ ← θ.
    var pull: Double
    /// Loading θ′ and choosing an action for each step of the segment.
    var act: Double
    /// Forward and backward over the segment.
    var learn: Double
    /// The gradient's norm.
    var norm: Double
    /// The optimiser's step on θ.
    var push: Double
    /// The sum of all parts.
    var cycle: Double
    /// The least ratio of processor time to wall time of a thread: below 1 if other processes ran on this machine.
    var processorShare: Double
}

/// The parameters of a measurement.
struct CyclePlan: Sendable {
    let architecture: NetworkArchitecture
    let segment: Int
    let seconds: Double

    /// Measures cycles on the given number of threads.
    func measure(threads: Int, sharing: Bool) throws -> CycleTimes {
        let layout = try ParameterLayout(architecture)
        let shared = (0..<(sharing ? 1 : threads)).map { _ in SharedParts(layout) }
        let logs = try Together.run(threads) { index, start in
            let parts = shared[sharing ? 0 : index]
            let worker = try CycleWorker(self, layout)
            try worker.cycle(parts)
            start()
            return try worker.log(parts, seconds: seconds)
        }
        func median(_ path: KeyPath<CycleLog.Lap, Double>) -> Double {
            let values = logs.flatMap(\.laps).map { $0[keyPath: path] }.sorted()
            return values[values.count / 2] * 1e6
        }
        return CycleTimes(
            threads: threads, sharing: sharing, pull: median(\.pull), act: median(\.act), learn: median(\.learn),
            norm: median(\.norm), push: median(\.push), cycle: median(\.cycle),
            processorShare: logs.map(\.processorShare).min() ?? 0)
    }
}

/// θ and its optimiser.
final class SharedParts: Sendable {
    let online: ParameterSlab
    let optimizer: Optimizer

    init(_ layout: ParameterLayout) {
        online = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 1)
        online.initialize(using: &generator)
        optimizer = Optimizer(.rmsprop(decay: 0.99, epsilon: 0.01, centred: false), layout: layout)
    }
}

/// The times of one thread.
struct CycleLog: Sendable {
    struct Lap: Sendable {
        var pull = 0.0
        var act = 0.0
        var learn = 0.0
        var norm = 0.0
        var push = 0.0
        var cycle: Double { pull + act + learn + norm + push }
    }
    var laps: [Lap] = []
    var processorShare = 1.0
}

/// The copy, gradient and computations of one thread, used on that thread only.
final class CycleWorker {
    private let segment: Int
    private let parameters: ParameterSlab
    private let gradients: ParameterSlab
    private let acting: any NetworkComputation
    private let learning: any NetworkComputation
    private let observation: [UInt8]

    init(_ plan: CyclePlan, _ layout: ParameterLayout) throws {
        ComputeThreads.useCallingThreadOnly()
        segment = plan.segment
        parameters = ParameterSlab(layout: layout)
        gradients = ParameterSlab(layout: layout)
        let backend = OneDNNBackend()
        acting = try backend.makeComputation(of: plan.architecture, batchSize: 1, training: false)
        learning = try backend.makeComputation(of: plan.architecture, batchSize: segment, training: true)
        observation = (0..<plan.architecture.input.byteCount).map {
            UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13)
        }
    }

    /// Runs one cycle.
    @discardableResult
    func cycle(_ parts: SharedParts) throws -> CycleLog.Lap {
        var lap = CycleLog.Lap()
        lap.pull = time { parameters.copy(from: parts.online) }
        lap.act = try time { try act() }
        lap.learn = try time { try learn() }
        var norm = 0.0
        lap.norm = time { norm = gradients.norm }
        // So small that the parameters practically do not change.
        lap.push = time {
            parts.optimizer.step(parts.online, gradients: gradients, learningRate: norm.isFinite ? 1e-9 : 0)
        }
        return lap
    }

    func act() throws {
        try acting.use(parameters)
        for _ in 0..<segment {
            observation.withUnsafeBytes { acting.load($0, row: 0, offset: 0) }
            _ = try acting.forward()
        }
    }

    func learn() throws {
        for row in 0..<segment { observation.withUnsafeBytes { learning.load($0, row: row, offset: 0) } }
        try learning.use(parameters)
        let outputs = try learning.forward()
        // One action per row has an error, as in Q-learning.
        let actions = outputs.count / segment
        for index in learning.outputGradient.indices {
            learning.outputGradient[index] = index % actions == 0 ? outputs[index] - 1 : 0
        }
        try learning.backward(into: gradients)
    }

    func log(_ parts: SharedParts, seconds: Double) throws -> CycleLog {
        var log = CycleLog()
        let (began, processor) = (Clock.wall, Clock.processor)
        repeat { log.laps.append(try cycle(parts)) } while Clock.wall - began < seconds
        log.processorShare = (Clock.processor - processor) / (Clock.wall - began)
        return log
    }

    /// Measures processor time, which other processes on the machine do not affect.
    private func time(_ body: () throws -> Void) rethrows -> Double {
        let began = Clock.processor
        try body()
        return Clock.processor - began
    }
}
