internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation

/// What a run will take of memory, reckoned before any worker begins: one budget for all of them.
package struct MemoryBudget {
    /// Workers that are reckoned with.
    let workers: Int
    /// Bytes of one worker's full replay.
    let replay: Int
    /// Bytes of what one worker's replay writes between saves and its snapshots keep as it was, and of the compressed chunks
    /// that the saver keeps.
    let snapshot: Int
    /// Bytes of one worker's parameters, gradients and activations.
    let networks: Int
    /// Bytes that all workers share: parameters, target, optimiser.
    let shared: Int
    /// Bytes of replays that are kept for resting workers.
    let resting: Int
    private let replayCapacity: Int
    private let leastCapacity: Int
    private let isResumed: Bool
    /// Bytes of a full replay of so many slots; never falls as they grow.
    private let replayBytes: (Int) -> Int
    /// Bytes of its last snapshot beside it.
    private let snapshotBytes: (Int) -> Int

    init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture,
        _ environment: EnvironmentSpecification, _ method: any TrainingMethod, states: [WorkerState], saveInterval: Int?
    ) throws(ModelError) {
        workers = configuration.workers
        replayCapacity = configuration.replayCapacity
        leastCapacity = ReplayMemory.minimumCapacity(
            frameStack: configuration.frameStack, nStep: configuration.nStep)
        isResumed = !states.isEmpty
        let (frame, prioritized) = (environment.observationSpace, configuration.prioritized)
        let bytes = { ReplayMemory.byteCount(capacity: $0, frame: frame, prioritized: prioritized) }
        replayBytes = bytes
        replay = method.usesReplay ? replayBytes(replayCapacity) : 0
        snapshotBytes = { capacity in
            let compressed = bytes(capacity) / CheckpointStore.compressedShare
            guard let saveInterval else { return bytes(capacity) + compressed }
            // A save may be under way while the next state is held.
            return 2 * bytes(min(capacity, saveInterval / configuration.workers + 1)) + compressed
        }
        snapshot = method.usesReplay ? snapshotBytes(replayCapacity) : 0
        let layout = try ParameterLayout(architecture)
        let parameters = layout.count * 4
        // Each pass of each compute thread keeps those of convolutions in layouts of their own.
        let convolutions = layout.entries.reduce(0) { $0 + ($1.shape.count == 4 ? $1.count * 4 : 0) }
        let slots = configuration.optimizer.kind == .adam || configuration.optimizer.centred ? 2 : 1
        let activations = try architecture.layerShapes().reduce(architecture.input.count) { $0 + $1.reduce(1, *) } * 4
        let batch = method.usesReplay ? configuration.batchSize : configuration.segmentLength + 1
        // Online and target passes, the online one with gradients, and Double's.
        let passes = 3 + (configuration.doubleDQN ? 1 : 0)
        let isSole = workers == 1 && configuration.refreshInterval == 1
        // A worker's own copy of the parameters is copied for saves, twice; each compute thread has gradients of its own.
        let slabs = configuration.computeThreads + (isSole ? 0 : 4) + (configuration.sharesStatistics ? 0 : slots)
        networks =
            slabs * parameters + passes * (batch * activations + configuration.computeThreads * 2 * convolutions)
        // Once for training, twice for saves.
        shared = 3 * (1 + (method.usesTarget ? 1 : 0) + slots) * parameters
        resting = states.dropFirst(configuration.workers).reduce(0) { sum, state in
            sum + (state.replay?.columns.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.byteCount } } ?? 0)
        }
    }

    /// All together.
    var total: Int { workers * (replay + snapshot + networks) + shared + resting }

    /// Refuses a run that does not fit.
    ///
    /// - Parameter limit: bytes; `nil` for what the machine has.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) showing the sums and what would fit.
    func check(_ limit: Int?) throws(TrainingError) {
        let allowed = limit ?? Self.machineMemory
        guard total > allowed else { return }
        let words = { (bytes: Int) in "\(ByteCount(bytes: bytes))" }
        var sums =
            "\(workers) × (replay \(words(replay)) + for saves \(words(snapshot)) + networks \(words(networks))) + shared \(words(shared))"
        if resting > 0 { sums += " + resting replays \(words(resting))" }
        throw TrainingError(
            code: .invalidConfiguration,
            message: "The run would take \(sums) = \(words(total)) of memory, but "
                + (limit == nil ? "the machine has \(words(allowed))" : "--memory allows \(words(allowed))")
                + "; \(remedy(allowed))\(limit == nil ? "." : ", or allow more.")")
    }

    /// What the user can do besides allowing more.
    private func remedy(_ allowed: Int) -> String {
        // A run keeps the configuration it began with.
        if isResumed { return workers > 1 ? "resume with fewer workers" : "resume on a machine with more" }
        let slots = largestCapacity(bytes: (allowed - shared - workers * networks) / workers)
        return replay > 0 && slots >= leastCapacity
            ? "set replay_capacity to at most \(slots)" : "take fewer workers or a smaller network"
    }

    /// The most slots of a replay that takes no more than so many bytes: rings take memory in whole chunks.
    private func largestCapacity(bytes: Int) -> Int {
        var (fits, tooMany) = (0, replayCapacity)
        while tooMany - fits > 1 {
            let middle = (fits + tooMany) / 2
            if replayBytes(middle) + snapshotBytes(middle) <= bytes { fits = middle } else { tooMany = middle }
        }
        return fits
    }

    /// The machine's memory, or what a control group leaves of it.
    static var machineMemory: Int {
        let physical = Int(ProcessInfo.processInfo.physicalMemory)
        guard let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8),
            let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return physical }
        return min(physical, limit)
    }
}
