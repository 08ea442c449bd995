internal import DQNModel

/// Format 1.0: networks of action values and contiguous replays. See `docs/format.md`.
///
/// It consists of what all versions share.
enum Format1_0: FormatCodec {
    typealias Worker = SharedWorkerDocument

    static let version = "1.0"
    static let layout = ContainerLayout.plain
    static let architectureKeys = ArchitectureKeys.basic
    static let workerMembers: Set = ["state", "random", "environment", "observation", "replay"]

    static let optionalReplayColumns: Set<String> = []

    static func unsupportedParts(of architecture: NetworkArchitecture) -> [String] {
        unsupportedLayers(of: architecture)
            + (supports(architecture.head) ? [] : ["a head other than one of action values"])
    }

    static func supports(_ head: NetworkArchitecture.Head) -> Bool {
        if case .actionValues = head { true } else { false }
    }

    /// Returns the parts of a network below its head that are neither square convolutions without padding nor dense
    /// layers, both with rectified linear units, on elements with their own scale.
    static func unsupportedLayers(of architecture: NetworkArchitecture) -> [String] {
        var parts: [String] = []
        if !architecture.inputOffset.isEmpty { parts.append("an input offset") }
        if !architecture.inputScale.isEmpty { parts.append("an input scale") }
        for (index, layer) in architecture.layers.enumerated() {
            let isKnown =
                switch layer.kind {
                case .convolution(let sizes):
                    sizes.kernel.rows == sizes.kernel.columns && sizes.stride.rows == sizes.stride.columns
                        && sizes.padding == .init(0)
                case .dense: true
                case .layerNorm, .maxPooling, .averagePooling: false
                }
            if !isKnown || layer.activation != .relu { parts.append("layer \(index) (\(layer.text))") }
        }
        return parts
    }

    static func complete(
        _ worker: inout WorkerState, _ document: Worker, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {}

    static func complete(
        _ summary: inout CheckpointSummary.Worker, _ document: Worker, onlyWorkerOf counters: Counters?
    ) {
        // 1.0 does not record how several workers divide the steps.
        summary.agentSteps = counters?.agentSteps
    }

    static func addedArrays(
        _ worker: WorkerState, _ path: String, _ architecture: NetworkArchitecture
    ) throws(CheckpointError) -> [StoredArray] { [] }
}
