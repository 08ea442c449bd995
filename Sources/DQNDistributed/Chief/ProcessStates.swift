internal import DQNCheckpoint
internal import DQNLearning
internal import DQNModel
internal import DQNSupport
internal import DQNTraining

/// The workers' states at a step boundary, which their processes hold until they are fetched or nobody needs them.
///
/// `@unchecked Sendable`: the trainer's thread fetches.
final class ProcessStates: @unchecked Sendable {
    private let desk: ChiefDesk
    private let part: WorkerPart
    private let number: Int
    /// The number of the workers that the state has.
    private let count: Int
    private var states: [WorkerState]?

    /// Lets the workers hold their states.
    ///
    /// - Parameter workerCount: workers that the run starts with.
    init(_ desk: ChiefDesk, _ part: WorkerPart, workerCount: Int) {
        self.desk = desk
        self.part = part
        let number = desk.hold()
        self.number = number
        count = desk.monitor.withLock {
            let present = desk.members.values.filter { $0.held == number }.flatMap(\.workers)
            return max(workerCount, ((present + desk.states.keys).max() ?? 0) + 1)
        }
    }

    deinit { desk.release(number) }

    /// Returns the states; a worker that is lost contributes its last one, or an abandoned one.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if a shard is lost, with which all processes end, or this machine has no room
    ///   for the states.
    func fetch() throws(TrainingError) -> [WorkerState] {
        if let states { return states }
        try desk.fetch(number) { (worker, bytes) throws(TrainingError) in try note(bytes, of: worker) }
        if let loss = desk.lossOfShard {
            throw TrainingError(code: .runFailed, message: "The state of the workers is lost with the run: \(loss)")
        }
        let found = desk.monitor.withLock { (0..<count).map { desk.states[$0] ?? .abandoned } }
        states = found
        return found
    }

    /// Reads a state that has arrived. A worker whose state is none is given up.
    ///
    /// - Throws: ``TrainingError`` (`runFailed`) if this machine has no room to read it.
    private func note(_ bytes: [UInt8], of worker: Int) throws(TrainingError) {
        do {
            let state = try part.decode(bytes)
            desk.monitor.withLock { desk.states[worker] = state }
        } catch let error as ClusterError where error.code == .temporaryFile {
            throw TrainingError(code: .runFailed, message: error.message, underlying: error)
        } catch {
            desk.monitor.withLock {
                for (process, member) in desk.members where member.workers.contains(worker) {
                    desk.lose(process, because: "sent a state that cannot be read: \(error)")
                }
            }
        }
    }
}

extension WorkerState {
    /// The state of a worker that has never sent one.
    fileprivate static var abandoned: WorkerState {
        WorkerState(
            generators: [:], environment: nil, observation: nil, episodeReturn: 0, episodeLength: 0,
            recentReturns: [], recentLengths: [], replay: nil, status: .abandoned)
    }
}
