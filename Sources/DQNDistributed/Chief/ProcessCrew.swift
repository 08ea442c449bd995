internal import DQNLearning
internal import DQNModel
internal import DQNSupport
package import DQNTraining

/// The workers of other processes, behind their control streams.
package final class ProcessCrew: Crew {
    private let desk: ChiefDesk
    private let store: ShardedParameters
    private let workerCount: Int
    private let part: WorkerPart
    private var countedSteps: Int
    private var reportedDrops = 0

    package let notices: [String] = []
    package let pause: (stopping: Duration, handOver: Duration)? = nil
    /// Workers may always take more steps, and no update is cut short: the chief cannot know what is worth waiting for.
    package let isActive = true
    package let hasOpenUpdate = false

    /// Waits for the workers that the run starts with.
    ///
    /// - Throws: ``ClusterError`` if too few workers join in time.
    init(_ desk: ChiefDesk, _ store: ShardedParameters, _ context: CrewContext) throws {
        let configuration = context.configuration
        self.desk = desk
        self.store = store
        workerCount = configuration.workers
        part = WorkerPart(configuration, context.architecture, context.method)
        countedSteps = context.agentSteps
        try desk.startWorkers(context)
        readFigures()
    }

    package var claimedSteps: Int { desk.takenSteps }
    package var failure: CrewFailure? { desk.lossOfShard.flatMap { failed($0).failure } }
    package var captureObstacle: String? { desk.monitor.withLock { desk.captureObstacle } }

    package func takeSteps(
        from taken: Int, upTo goal: Int, updatePatience: Double, isInterrupted: () -> Bool, isEnding: () -> Bool
    ) -> CrewOutcome {
        let stop = desk.takeSteps(upTo: goal, isStopped: isInterrupted)
        if stop == .complete || stop == .stopped { readFigures() }
        do { try store.readCounts() } catch {
            if stop == .complete || stop == .stopped { return failed("\(error)") }
        }
        let loss = desk.monitor.withLock { (shard: desk.failure, worker: desk.lastLoss) }
        if let shard = loss.shard { return failed(shard) }
        guard stop == .deserted else { return CrewOutcome(notices: noticeOfDrops) }
        return failed("All workers are lost\(loss.worker.map { " (the last: \($0))" } ?? "").")
    }

    /// What is new about gradients that were too old.
    private var noticeOfDrops: [String] {
        let dropped = desk.monitor.withLock { desk.droppedGradients.values.reduce(0, +) }
        defer { reportedDrops = dropped }
        guard dropped > reportedDrops else { return [] }
        return ["\(dropped - reportedDrops) gradients were too old and were dropped; \(dropped) since the start"]
    }

    private func failed(_ message: String) -> CrewOutcome {
        CrewOutcome(failure: { agentSteps in
            TrainingError(code: .runFailed, message: "The run failed at agent step \(agentSteps): \(message)")
        })
    }

    package func takeCounts() -> (agentSteps: Int, episodes: Int) {
        desk.monitor.withLock {
            let new = (agentSteps: desk.book.takenSteps - countedSteps, episodes: desk.newEpisodes)
            countedSteps = desk.book.takenSteps
            desk.newEpisodes = 0
            return new
        }
    }

    package func returnClaims(taken: Int) {}

    package func figures(at totalSteps: Int) -> [WorkerFigures] {
        desk.monitor.withLock {
            var figures = desk.figures.values.sorted { $0.index < $1.index }
            if figures.isEmpty {
                figures = [
                    WorkerFigures(
                        index: 0, isActive: false, agentSteps: 0, statistics: nil, recentReturns: [],
                        recentLengths: [], epsilon: nil)
                ]
            }
            figures[0].unreported = desk.openSums
            return figures
        }
    }

    package func resetStatistics() {
        desk.monitor.withLock {
            desk.openSums = TrainingStatistics()
            for worker in desk.figures.keys { desk.figures[worker]?.statistics = TrainingStatistics() }
            for process in desk.members.keys { desk.members[process]?.needsReset = true }
        }
    }

    package func holdStates() -> (states: HeldStates, failure: CrewFailure?) {
        let states = ProcessStates(desk, part, workerCount: workerCount)
        return (HeldStates { () throws(TrainingError) in try states.fetch() }, nil)
    }

    /// Asks all workers, while none takes steps, for their figures.
    private func readFigures() {
        var message = ControlMessage(.report)
        message.total = desk.takenSteps
        desk.ask(message)
    }
}
