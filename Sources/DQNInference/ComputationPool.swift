internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// The computations of one policy: as many callers compute at once as there are lanes, further ones queue at them.
///
/// All lanes read one slab of parameters. Lanes come into use one by one, each when a caller finds all earlier ones
/// taken, so that a program of one thread pays for one. A lane that is free is taken with two atomic steps and a mutex
/// that nobody else wants; nothing is allocated, and callers of different lanes write to no common memory.
final class ComputationPool: Sendable {
    private let lanes: [Lane]
    /// Lanes in use so far, from the first on.
    private let opened = Atomic<Int>(1)

    /// Makes the first lane's computation of one observation; what the compute library refuses, it refuses here.
    init(
        _ architecture: NetworkArchitecture, _ parameters: ParameterSlab, precision: ServingPrecision, limit: Int
    ) throws(NetworkError) {
        lanes = (0..<limit).map { _ in Lane(architecture, parameters, precision) }
        try lanes[0].prepare()
    }

    /// Lends a computation for a batch size that is a power of two, made now if its lane has none; the calling thread
    /// computes with one compute thread from here on, since callers are what is parallel here.
    func withComputation<Result>(
        batchSize: Int, _ body: (any NetworkComputation) throws -> Result
    ) throws -> Result {
        try claim().use(batchSize: batchSize, body)
    }

    /// The lane of the next call, on which the call is counted: a free one, else a new one, else the one with the
    /// fewest callers.
    private func claim() -> Lane {
        while true {
            let count = opened.load(ordering: .acquiring)
            // Threads begin at lanes of their own, whose memory is then in their processor's cache.
            let first = Self.threadNumber(below: count)
            if lanes[first].takeIfFree() { return lanes[first] }
            var shortest = first
            var fewest = Int.max
            for index in 0..<count {
                let callers = lanes[index].callers.load(ordering: .relaxed)
                if callers == 0, lanes[index].takeIfFree() { return lanes[index] }
                if callers < fewest { (shortest, fewest) = (index, callers) }
            }
            if count == lanes.count {
                lanes[shortest].join()
                return lanes[shortest]
            }
            if opened.compareExchange(expected: count, desired: count + 1, ordering: .acquiringAndReleasing).exchanged {
                lanes[count].join()
                return lanes[count]
            }
        }
    }

    /// A number from 0 that is the calling thread's for as long as `count` is the same.
    private static func threadNumber(below count: Int) -> Int {
        if count == 1 { return 0 }
        #if canImport(Darwin)
            let identity = UInt64(UInt(bitPattern: pthread_self()))
        #else
            let identity = UInt64(pthread_self())
        #endif
        // Identities are addresses at regular distances; multiplied by 2⁶⁴ over the golden ratio they spread evenly.
        let spread = (identity &* 0x9e37_79b9_7f4a_7c15) >> 32
        return Int((spread &* UInt64(count)) >> 32)
    }
}

/// What one caller at a time computes with: a computation for each batch size that has been asked for.
///
/// `@unchecked Sendable`: `computations` and the memory of what is in it are touched only while `lock` is held.
private final class Lane: @unchecked Sendable {
    /// Callers who use the lane or wait for it.
    let callers = Atomic<Int>(0)

    private let lock = Lock()
    private let architecture: NetworkArchitecture
    private let parameters: ParameterSlab
    private let precision: ServingPrecision
    /// At index i the computation of 2ⁱ observations.
    private var computations: [(any NetworkComputation)?]

    init(_ architecture: NetworkArchitecture, _ parameters: ParameterSlab, _ precision: ServingPrecision) {
        self.precision = precision
        self.architecture = architecture
        self.parameters = parameters
        computations = Array(repeating: nil, count: BatchPass.largest.trailingZeroBitCount + 1)
    }

    /// Becomes the lane's only caller, if it has none.
    func takeIfFree() -> Bool {
        callers.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
    }

    /// Becomes one more caller.
    func join() { callers.add(1, ordering: .acquiring) }

    /// Makes the computation of one observation.
    func prepare() throws(NetworkError) {
        ComputeThreads.useCallingThreadOnly()
        _ = try lock.withLock { () throws(NetworkError) in try computation(batchSize: 1) }
    }

    /// Waits for the callers before, computes, and leaves: once after ``takeIfFree()`` or ``join()``.
    func use<Result>(batchSize: Int, _ body: (any NetworkComputation) throws -> Result) throws -> Result {
        defer { callers.subtract(1, ordering: .releasing) }
        ComputeThreads.useCallingThreadOnly()
        return try lock.withLock { try body(try computation(batchSize: batchSize)) }
    }

    private func computation(batchSize: Int) throws(NetworkError) -> any NetworkComputation {
        let index = batchSize.trailingZeroBitCount
        if let computation = computations[index] { return computation }
        let computation = try OneDNNBackend(serving: precision).makeComputation(
            of: architecture, batchSize: batchSize, training: false)
        try computation.use(parameters)
        computations[index] = computation
        return computation
    }
}
