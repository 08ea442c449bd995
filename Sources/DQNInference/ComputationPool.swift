internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation
internal import Synchronization

/// The computations of one policy. Each lane serves one caller at a time; further callers queue.
///
/// All lanes read one parameter slab. A lane opens when a caller finds all open lanes taken, so a single-threaded program
/// pays for one. Taking a free lane costs two atomic operations and an uncontended mutex. It allocates nothing, and
/// callers of different lanes write to no shared memory.
final class ComputationPool: Sendable {
    private let lanes: [Lane]
    /// The number of open lanes; they come first in `lanes`.
    private let opened = Atomic<Int>(1)

    /// Creates the pool and prepares the first lane, so that an unsupported network fails here.
    init(
        _ architecture: NetworkArchitecture, _ parameters: ParameterSlab, precision: ServingPrecision, limit: Int
    ) throws(NetworkError) {
        lanes = (0..<limit).map { _ in Lane(architecture, parameters, precision) }
        try lanes[0].prepare()
    }

    /// Lends `body` a computation for a batch size that is a power of two, creating it if its lane has none.
    ///
    /// Limits the calling thread to one compute thread, because the callers already run in parallel.
    func withComputation<Result>(
        batchSize: Int, _ body: (any NetworkComputation) throws(NetworkError) -> Result
    ) throws(NetworkError) -> Result {
        try claim().use(batchSize: batchSize, body)
    }

    /// Chooses a lane for a call and counts the call there: a free lane, else a new lane, else the lane with the fewest
    /// callers.
    private func claim() -> Lane {
        while true {
            let count = opened.load(ordering: .acquiring)
            // Each thread tries its own lane first: that lane's memory is likely in its processor's cache.
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

    /// Returns a number below `count` that stays the same for the calling thread.
    private static func threadNumber(below count: Int) -> Int {
        if count == 1 { return 0 }
        #if canImport(Darwin)
            let identity = UInt64(UInt(bitPattern: pthread_self()))
        #else
            let identity = UInt64(pthread_self())
        #endif
        // Identities are regularly spaced addresses; multiplying by 2⁶⁴ over the golden ratio spreads them evenly.
        let spread = (identity &* 0x9e37_79b9_7f4a_7c15) >> 32
        return Int((spread &* UInt64(count)) >> 32)
    }
}

/// The computations that one caller at a time uses, one per batch size requested so far.
///
/// `@unchecked Sendable`: `computations` and their memory are accessed only while `lock` is held.
private final class Lane: @unchecked Sendable {
    /// The number of callers that use the lane or wait for it.
    let callers = Atomic<Int>(0)

    private let lock = Lock()
    private let architecture: NetworkArchitecture
    private let parameters: ParameterSlab
    private let precision: ServingPrecision
    /// The computation of 2ⁱ observations at index i.
    private var computations: [(any NetworkComputation)?]

    init(_ architecture: NetworkArchitecture, _ parameters: ParameterSlab, _ precision: ServingPrecision) {
        self.precision = precision
        self.architecture = architecture
        self.parameters = parameters
        computations = Array(repeating: nil, count: BatchPass.largest.trailingZeroBitCount + 1)
    }

    /// Takes the lane if it has no caller. Returns whether it did.
    func takeIfFree() -> Bool {
        callers.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged
    }

    /// Adds a caller to the lane's queue.
    func join() { callers.add(1, ordering: .acquiring) }

    /// Creates the computation for one observation.
    func prepare() throws(NetworkError) {
        ComputeThreads.useCallingThreadOnly()
        _ = try lock.withLock { () throws(NetworkError) in try computation(batchSize: 1) }
    }

    /// Waits for earlier callers, computes and leaves the lane. Call it once after ``takeIfFree()`` or ``join()``.
    func use<Result>(
        batchSize: Int, _ body: (any NetworkComputation) throws(NetworkError) -> Result
    ) throws(NetworkError) -> Result {
        defer { callers.subtract(1, ordering: .releasing) }
        ComputeThreads.useCallingThreadOnly()
        return try lock.withLock { () throws(NetworkError) in try body(try computation(batchSize: batchSize)) }
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
