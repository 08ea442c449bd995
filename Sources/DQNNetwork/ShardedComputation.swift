internal import CKernels
internal import DQNModel

/// A computation that several threads share: each computes some rows of the batch through the whole network.
///
/// The threads synchronise once per forward pass and twice per backward pass instead of once per layer. The shards share
/// the buffers of the dense layers, so that each thread computes the gradients of some weights for the whole batch: of
/// those that it steps afterwards (``ComputeTeam/share(_:of:threads:)``), and no gradient leaves the thread's cache.
/// Gradients of convolutions and normalisations are computed by shard and added in a fixed order. Results depend only on
/// the number of threads.
final class ShardedComputation: NetworkComputation {
    /// The rows of one thread.
    ///
    /// Accessed by the thread that performs its part while the team works, and by the caller otherwise.
    private final class Shard {
        let computation: OneDNNComputation
        let rows: Range<Int>
        /// The gradients of these rows; `nil` for the first shard, which writes to the caller's slab.
        let gradients: ParameterSlab?
        var error: NetworkError?

        init(_ computation: OneDNNComputation, rows: Range<Int>, gradients: ParameterSlab?) {
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
        case finish(into: ParameterSlab)
    }

    let architecture: NetworkArchitecture
    let batchSize: Int
    let outputGradient: UnsafeMutableBufferPointer<Float>

    private let team: ComputeTeam
    private let shards: [Shard]
    private let denseGradients: [DenseGradient]
    /// The positions of the parameters of all other layers.
    private let summed: [Range<Int>]
    private let memory = ComputeMemory()
    private let outputs: UnsafeMutableBufferPointer<Float>
    /// Whether computations copy weights to a layout of their own.
    private let packsWeights: Bool
    private var pass = Pass.forward

    /// Divides a batch among a team. If there are fewer rows than threads, some threads do nothing.
    init(
        _ architecture: NetworkArchitecture, batchSize: Int, training: Bool, team: ComputeTeam
    ) throws(NetworkError) {
        self.architecture = architecture
        self.batchSize = batchSize
        self.team = team
        var shards: [Shard] = []
        let count = min(team.threads, batchSize)
        let batch = BatchMemory(batchSize: batchSize)
        let layout = try Self.layout(of: architecture)
        for part in 0..<count {
            let rows = batchSize * part / count..<batchSize * (part + 1) / count
            let computation = try OneDNNComputation(
                architecture, batchSize: rows.count, training: training, rows: RowMemory(batch, rows: rows))
            let gradients = training && part > 0 ? ParameterSlab(layout: layout) : nil
            shards.append(Shard(computation, rows: rows, gradients: gradients))
        }
        self.shards = shards
        let denseGradients = shards[0].computation.denseGradients(batchSize: batchSize)
        self.denseGradients = denseGradients
        summed = layout.entries.map(\.range).filter { range in
            !denseGradients.contains { $0.hasParameters(in: range) }
        }
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
        try run(.finish(into: gradients))
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
        guard part < shards.count else { return }
        do {
            if case .finish(let gradients) = pass {
                try finish(part, gradients)
            } else {
                try compute(shards[part])
            }
        } catch { shards[part].error = error }
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
            try shard.computation.backward(into: shard.gradients ?? gradients, .withoutDenseLayers)
        case .finish: break
        }
    }

    /// Computes or sums up the gradients of one share of the parameters.
    private func finish(_ part: Int, _ gradients: ParameterSlab) throws(NetworkError) {
        let share = ComputeTeam.share(part, of: gradients.elements.count, threads: shards.count)
        for range in summed where range.overlaps(share) { sum(range.clamped(to: share), into: gradients) }
        for dense in denseGradients { try dense.compute(dense.outputs(in: share), into: gradients) }
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
