internal import CKernels
internal import DQNModel

/// A computation that several threads share: each computes some rows of the batch through the whole network.
///
/// The threads synchronise once per pass instead of once per layer. The gradients of the shards are added in a fixed
/// order, so that results depend only on the number of threads.
final class ShardedComputation: NetworkComputation {
    /// The rows of one thread.
    ///
    /// Accessed by the thread that performs its part while the team works, and by the caller otherwise.
    private final class Shard {
        let computation: any NetworkComputation
        let rows: Range<Int>
        /// The gradients of these rows; `nil` for the first shard, which writes to the caller's slab.
        let gradients: ParameterSlab?
        var error: NetworkError?

        init(_ computation: any NetworkComputation, rows: Range<Int>, gradients: ParameterSlab?) {
            self.computation = computation
            self.rows = rows
            self.gradients = gradients
        }
    }

    /// The work of the team.
    private enum Pass {
        case use(ParameterSlab)
        case forward
        case backward(into: ParameterSlab)
        case sum(into: ParameterSlab)
    }

    let architecture: NetworkArchitecture
    let batchSize: Int
    let outputGradient: UnsafeMutableBufferPointer<Float>

    private let team: ComputeTeam
    private let shards: [Shard]
    private let memory = ComputeMemory()
    private let outputs: UnsafeMutableBufferPointer<Float>
    /// Whether computations copy weights to a layout of their own.
    private let packsWeights: Bool
    private var pass = Pass.forward

    /// Divides a batch among a team. If there are fewer rows than threads, some threads do nothing.
    init(
        _ architecture: NetworkArchitecture, batchSize: Int, training: Bool, team: ComputeTeam,
        make: (_ rows: Int) throws(NetworkError) -> any NetworkComputation
    ) throws(NetworkError) {
        self.architecture = architecture
        self.batchSize = batchSize
        self.team = team
        var shards: [Shard] = []
        let count = min(team.threads, batchSize)
        for part in 0..<count {
            let rows = batchSize * part / count..<batchSize * (part + 1) / count
            let computation = try make(rows.count)
            let gradients = try training && part > 0 ? ParameterSlab(layout: Self.layout(of: architecture)) : nil
            shards.append(Shard(computation, rows: rows, gradients: gradients))
        }
        self.shards = shards
        packsWeights = architecture.stackedLayers > 0
        let size = batchSize * architecture.outputCount
        outputs = UnsafeMutableBufferPointer(start: memory.floats(size), count: size)
        outputGradient = UnsafeMutableBufferPointer(start: memory.floats(size), count: training ? size : 0)
    }

    private static func layout(of architecture: NetworkArchitecture) throws(NetworkError) -> ParameterLayout {
        do { return try ParameterLayout(architecture) } catch {
            throw NetworkError(code: .invalidState, message: error.message)
        }
    }

    func use(_ parameters: ParameterSlab) throws(NetworkError) {
        guard packsWeights else {
            for shard in shards { try shard.computation.use(parameters) }
            return
        }
        try run(.use(parameters))
    }

    func load(_ bytes: UnsafeRawBufferPointer, row: Int, offset: Int) {
        let part = shards.lastIndex { $0.rows.lowerBound <= row } ?? 0
        shards[part].computation.load(bytes, row: row - shards[part].rows.lowerBound, offset: offset)
    }

    func forward() throws(NetworkError) -> UnsafeBufferPointer<Float> {
        try run(.forward)
        return UnsafeBufferPointer(outputs)
    }

    func backward(into gradients: ParameterSlab) throws(NetworkError) {
        try run(.backward(into: gradients))
        if ComputeTeam.isWorthwhile(forSumOf: gradients.elements.count) {
            try run(.sum(into: gradients))
        } else {
            sum(0..<gradients.elements.count, into: gradients)
        }
    }

    private func run(_ pass: Pass) throws(NetworkError) {
        // The other threads of the team give none.
        if NetworkPulse.isWanted(batchSize) { try NetworkPulse.beat() }
        self.pass = pass
        team.run(self)
        self.pass = .forward
        var first: NetworkError?
        for shard in shards {
            first = first ?? shard.error
            shard.error = nil
        }
        if let first { throw first }
    }

    /// Returns the range of a shard's outputs in the outputs of the whole batch.
    private func outputRange(of shard: Shard) -> Range<Int> {
        let width = architecture.outputCount
        return shard.rows.lowerBound * width..<shard.rows.upperBound * width
    }
}

extension ShardedComputation: TeamWork {
    func perform(part: Int) {
        if case .sum(let gradients) = pass {
            let count = gradients.elements.count
            return sum(ComputeTeam.share(part, of: count, threads: team.threads), into: gradients)
        }
        guard part < shards.count else { return }
        do { try compute(shards[part]) } catch { shards[part].error = error }
    }

    private func compute(_ shard: Shard) throws(NetworkError) {
        let range = outputRange(of: shard)
        switch pass {
        case .use(let parameters): try shard.computation.use(parameters)
        case .forward:
            let values = try shard.computation.forward()
            _ = UnsafeMutableBufferPointer(rebasing: outputs[range]).update(fromContentsOf: values)
        case .backward(let gradients):
            _ = shard.computation.outputGradient.update(fromContentsOf: outputGradient[range])
            try shard.computation.backward(into: shard.gradients ?? gradients)
        case .sum: break
        }
    }

    /// Adds the gradients of all shards for a range of the parameters.
    private func sum(_ range: Range<Int>, into gradients: ParameterSlab) {
        for shard in shards {
            guard let other = shard.gradients else { continue }
            kernels_add(gradients.pointer(at: range.lowerBound), other.pointer(at: range.lowerBound), range.count)
        }
    }
}

extension ShardedComputation: HiddenOutputSource {
    func hiddenOutputs() -> [HiddenOutputs]? {
        let parts = shards.map { $0.computation.hiddenOutputs() }
        guard var whole = parts.first ?? nil else { return nil }
        for part in parts.dropFirst() {
            guard let part else { return nil }
            for index in whole.indices { whole[index].values += part[index].values }
        }
        return whole
    }
}
