internal import DQNCheckpoint
internal import DQNEnvironments
internal import DQNLearning
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport
internal import Foundation

/// An estimate of the memory that a run takes, made before it starts so that a replay that cannot fit is refused at once.
///
/// It counts full replays exactly: they are nearly all of a large run. The rest is coarse: a fixed number of copies of
/// the parameters and of the activations of a batch. It does not count the environments, the compute library's own
/// buffers, or the process itself.
struct MemoryEstimate {
    /// Vectors of parameters that one worker holds: its copy, its target, gradients and two optimiser slots, and two
    /// snapshots of the copy and the slots.
    private static let vectorsPerWorker = 11
    /// Vectors of parameters that the run holds: online, target and two optimiser slots, for training and two saves.
    private static let sharedVectors = 12
    /// Batches of activations that one worker holds: online, target and Double DQN's passes, and the gradients.
    private static let batchesPerWorker = 4
    /// The share of the limit above which the estimate is too coarse to rely on.
    private static let fullShare = 0.9

    /// The number of workers.
    let workers: Int
    /// Bytes of one worker's full replay.
    let replay: Int
    /// Bytes that the states held for saves and evaluations add to one worker's replay.
    let saving: Int
    /// Bytes of one worker's parameters and activations.
    let networks: Int
    /// Bytes of parameters that all workers share.
    let shared: Int
    /// Bytes of replays that are kept for inactive workers.
    let inactive: Int
    private let replayCapacity: Int
    private let minimumCapacity: Int
    private let isResumed: Bool
    /// Bytes of a full replay with this capacity.
    private let replayBytes: (_ capacity: Int) -> Int
    /// Bytes that states held for saves and evaluations add to a replay with this capacity.
    private let savingBytes: (_ capacity: Int) -> Int

    /// Estimates the memory of a run.
    ///
    /// - Parameter states: the workers' stored states; empty for a new run.
    init(
        _ configuration: TrainingConfiguration, _ architecture: NetworkArchitecture,
        _ environment: EnvironmentSpecification, _ method: any TrainingMethod, states: [WorkerState],
        _ options: Trainer.Options
    ) throws(ModelError) {
        workers = configuration.workers
        isResumed = !states.isEmpty
        replayCapacity = configuration.replayCapacity
        // Each environment of a worker has its own ring.
        let environments = configuration.environmentsPerWorker
        minimumCapacity =
            environments
            * ReplayMemory.minimumCapacity(frameStack: configuration.frameStack, nStep: configuration.nStep)
        // A Gymnasium environment may turn out to have no masks.
        let maskedActions = configuration.actionMasks && environment.masksActions ? environment.actionCount : 0
        let replayBytes = { capacity in
            environments
                * ReplayMemory.byteCount(
                    capacity: capacity / environments, frame: environment.observationSpace,
                    prioritized: configuration.prioritized, maskedActions: maskedActions)
        }
        let savingBytes = { capacity in
            let compressed = replayBytes(capacity) / CheckpointStore.compressedShare
            guard let interval = options.saveInterval else { return replayBytes(capacity) + compressed }
            // A snapshot shares its chunks with the replay until the replay overwrites them. One snapshot may be saved
            // while the next one waits.
            return 2 * replayBytes(min(capacity, min(interval, 1 << 53) / configuration.workers + 1)) + compressed
        }
        // The state of an evaluated step is held up to the next scheduled step, and diverges from the replay meanwhile.
        let evaluates = configuration.evaluationInterval > 0
        let heldSteps = min(configuration.evaluationInterval, configuration.logInterval)
        let holdingBytes = { capacity in
            evaluates && options.evaluatesInBackground
                ? replayBytes(min(capacity, heldSteps / configuration.workers + 1)) : 0
        }
        replay = method.usesReplay ? replayBytes(replayCapacity) : 0
        saving = method.usesReplay ? savingBytes(replayCapacity) + holdingBytes(replayCapacity) : 0
        self.replayBytes = replayBytes
        self.savingBytes = { savingBytes($0) + holdingBytes($0) }
        let parameters = try ParameterLayout(architecture).count * MemoryLayout<Float>.size
        let activations = try architecture.activationCount()
        let batch =
            method.usesReplay
            ? configuration.batchSize + environments - 1 : (configuration.segmentLength + 1) * environments
        // Each compute thread has its own sum of gradients.
        networks =
            (Self.vectorsPerWorker + configuration.computeThreads) * parameters
            + Self.batchesPerWorker * batch * activations * MemoryLayout<Float>.size
        // An evaluation has a copy of the parameters, the observations of the probe batch and their activations.
        let evaluation =
            parameters + configuration.probeObservations * architecture.input.byteCount
            + ProbeFigures.batchSize * activations * MemoryLayout<Float>.size
        shared = Self.sharedVectors * parameters + (evaluates ? evaluation : 0)
        inactive = states.dropFirst(configuration.workers).reduce(0) { sum, state in
            ([state.replay] + state.additionalEnvironments.map(\.replay)).reduce(sum) {
                $0 + ($1.map(Self.byteCount) ?? 0)
            }
        }
    }

    private static func byteCount(of replay: ReplaySnapshot) -> Int {
        replay.columns.reduce(0) { sum, column in column.chunks.reduce(sum) { $0 + $1.byteCount } }
    }

    /// The sum, in bytes; the largest number if thousands of workers with large frames exceed it.
    var total: Int {
        let (sum, isTooLarge) = workers.multipliedReportingOverflow(by: replay + saving + networks)
        return isTooLarge ? .max : Int(clamping: UInt(sum) + UInt(shared) + UInt(inactive))
    }

    /// Refuses a run that does not fit.
    ///
    /// - Parameters:
    ///   - limit: bytes that the user allows; `nil` for `found`.
    ///   - found: what limits this process.
    ///   - ceiling: what limits it beyond any doubt, whatever the user allows.
    /// - Returns: a message for the user if the run fits, but only just, or only because the user has allowed more than
    ///   the process may take.
    /// - Throws: ``TrainingError`` (`invalidConfiguration`) with the sums, the limit and a setting that fits.
    func check(
        limit: Int?, found: MemoryLimit = .least(), ceiling: MemoryLimit? = .ceiling()
    ) throws(TrainingError) -> String? {
        if let limit, let ceiling, limit > ceiling.bytes, total > ceiling.bytes {
            throw refusal("\(ceiling), which --memory cannot raise; \(remedy(ceiling.bytes)), or raise that limit")
        }
        guard total > limit ?? found.bytes else {
            if limit != nil, total > found.bytes {
                return "the run needs about \(Self.text(total)) of memory, which --memory allows, but \(found); it may "
                    + "be ended by the system"
            }
            return Double(total) > Self.fullShare * Double(found.bytes)
                ? "the run needs about \(Self.text(total)) of memory, without the environments and the program itself, "
                    + "and \(found); it may be ended by the system" : nil
        }
        let allowed = limit.map { "--memory allows \(Self.text($0))" } ?? "\(found)"
        throw refusal(
            "\(allowed); \(remedy(limit ?? found.bytes)), or allow more"
                + (limit == nil ? ": raise that limit, or override it with --memory" : ""))
    }

    private func refusal(_ rest: String) -> TrainingError {
        let text = Self.text
        var sums =
            "\(workers) × (replay \(text(replay)) + for saves \(text(saving)) + networks \(text(networks))) + "
            + "shared \(text(shared))"
        if inactive > 0 { sums += " + replays of inactive workers \(text(inactive))" }
        return TrainingError(
            code: .invalidConfiguration,
            message: "The run needs about \(sums) = \(text(total)) of memory, but \(rest).")
    }

    /// What the user can do apart from allowing more.
    private func remedy(_ allowed: Int) -> String {
        // A resumed run keeps its configuration.
        if isResumed { return workers > 1 ? "resume with fewer workers" : "resume where more is available" }
        let capacity = largestCapacity(bytes: (allowed - shared - workers * networks) / workers)
        return replay > 0 && capacity >= minimumCapacity
            ? "set replay_capacity to at most \(capacity)" : "use fewer workers or a smaller network"
    }

    /// The largest capacity whose replay fits, found by bisection: a replay allocates whole chunks.
    private func largestCapacity(bytes: Int) -> Int {
        var (fits, tooLarge) = (0, replayCapacity)
        while tooLarge - fits > 1 {
            let middle = (fits + tooLarge) / 2
            if replayBytes(middle) + savingBytes(middle) <= bytes { fits = middle } else { tooLarge = middle }
        }
        return fits
    }

    private static func text(_ bytes: Int) -> String { "\(ByteCount(bytes: bytes))" }
}
