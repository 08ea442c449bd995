internal import DQNCheckpoint
internal import DQNLearning
internal import DQNSupport
internal import Foundation
internal import Logging

/// Ending at a time limit, and saving on request.
extension TrainingRun {
    /// When a run must have ended, when it was asked to save, and what is known about how long its end takes.
    package struct Ending {
        /// The time at which the process must have ended; `nil` for no limit.
        package var deadline: ContinuousClock.Instant?
        /// Returns whether a save has been requested since the last call. Called about fifty times a second.
        package var takeSaveRequest: () -> Bool = { false }
        /// Whether the time limit has ended the run.
        package internal(set) var isTimeUp = false

        /// A save has been requested and not made yet.
        var isSaveRequested = false
        /// The longest evaluation of this process, in seconds; `nil` before the first one has ended.
        package var longestEvaluation: Double?
        /// Whether the pending evaluation has played all its episodes.
        var isEvaluationPlayed = false
        /// Seconds that a save would take, going by the memory that has changed since the last one.
        var secondsForChanges = 0.0
        /// The run's seconds when the above was computed.
        var estimated = -Double.infinity
    }

    /// Seconds for the end of the process after its last save.
    private static let closingSeconds = 1.0
    /// A low estimate of the bytes that a save compresses, writes and reads back in a second.
    private static let savedBytesPerSecond = 1e8

    /// Whether the run must stop now to have ended by its deadline.
    var isTimeUp: Bool {
        if ending.isTimeUp { return true }
        guard let left = secondsUntilTimeIsUp, left <= 0 else { return false }
        ending.isTimeUp = true
        return true
    }

    /// Seconds until the run must stop, so that the pending evaluation and the last save end before the deadline; `nil`
    /// without a deadline.
    var secondsUntilTimeIsUp: Double? {
        guard let left = secondsUntilDeadline else { return nil }
        // A limit that is short compared with its end is still used half for training.
        let span = left + clock.seconds
        return left - min(secondsForSaves + secondsForPendingEvaluation, span / 2)
    }

    private var secondsUntilDeadline: Double? { ending.deadline.map { ($0 - ContinuousClock.now) / .seconds(1) } }

    /// How long a run that ends waits for the pending evaluation.
    var timeForEvaluation: Duration {
        guard ending.isTimeUp, let left = secondsUntilDeadline else { return patience }
        return .seconds(max(left - secondsForSaves, 0))
    }

    private var secondsForSaves: Double {
        max(saves.secondsForOneMore, ending.secondsForChanges) + Self.closingSeconds
    }

    private var secondsForPendingEvaluation: Double {
        guard trainer.isEvaluationPending, !ending.isEvaluationPlayed, let start = evaluationStart else { return 0 }
        let elapsed = clock.seconds - start
        if let longest = ending.longestEvaluation { return max(1.2 * longest - elapsed, 0) }
        guard let state = trainer.evaluationState, state.episodes > 0 else { return elapsed }
        return elapsed * Double(state.totalEpisodes - state.episodes) / Double(state.episodes)
    }

    /// Whether an evaluation that starts now can end within the time limit, going by the longest one so far. If not, the
    /// run ends before it, since everything after its start would be lost.
    func hasTimeForEvaluation() -> Bool {
        guard let left = secondsUntilDeadline, let longest = ending.longestEvaluation,
            left - secondsForSaves < 1.2 * longest
        else { return true }
        if !ending.isTimeUp {
            logger.warning(
                """
                the evaluation of agent step \(trainer.counters.agentSteps) is skipped: evaluations take up to \
                \(TimeSpan(seconds: longest)), and the time limit leaves \(TimeSpan(seconds: max(left, 0))); a resume makes it
                """)
        }
        ending.isTimeUp = true
        return false
    }

    /// Measures how long evaluations take.
    func observeEvaluation() {
        guard !ending.isEvaluationPlayed, let start = evaluationStart, let state = trainer.evaluationState,
            state.episodes == state.totalEpisodes
        else { return }
        ending.isEvaluationPlayed = true
        ending.longestEvaluation = max(ending.longestEvaluation ?? 0, clock.seconds - start)
    }

    /// Estimates the last save of a run with a deadline by the part of its memory that has changed since the last one.
    func refreshSaveEstimate() {
        guard ending.deadline != nil, clock.seconds - ending.estimated >= 1 else { return }
        ending.estimated = clock.seconds
        let step = trainer.counters.agentSteps
        // The first save of a process compresses everything.
        let saved = saves.savedStep ?? firstStep
        let changed = Double(step - saved) / Double(max(step - firstStep, 1))
        ending.secondsForChanges = changed * Double(Self.residentBytes) / Self.savedBytesPerSecond
    }

    /// The memory of this process in bytes; 0 if unknown.
    private static var residentBytes: Int {
        // The second number is in pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Ends a run before its last step, after the pending evaluation if that does not take too long.
    func endEarly() throws(TrainingError) -> Outcome {
        let step = trainer.evaluatedStep
        let report = try trainer.settleEvaluation(within: timeForEvaluation)
        if let step, report.evaluation == nil, ending.isTimeUp {
            logger.warning(
                """
                the evaluation of agent step \(step) did not end within the time limit; a resume repeats it and the steps \
                after it. If it never ends within the limit, raise --time-limit or lower --eval-episodes
                """)
        }
        take(report)
        return trainer.reachedTarget ? .reachedTarget : .interrupted
    }

    /// Whether a save has been requested and not made yet.
    var isSaveRequested: Bool {
        if ending.takeSaveRequest() { ending.isSaveRequested = true }
        return ending.isSaveRequested
    }

    /// Saves the present state if a save has been requested. During an evaluation this is the state of the evaluated step,
    /// since only the evaluation decides whether the later steps count.
    func saveIfRequested() {
        guard isSaveRequested else { return }
        ending.isSaveRequested = false
        let held = trainer.stateBeforeEvaluation
        let step = held?.checkpoint.counters.agentSteps ?? trainer.counters.agentSteps
        logger.notice("saving the state of agent step \(step) on request; training continues")
        guard step != saves.savedStep else { return }
        if let held { save(held) } else { save() }
    }

    /// Decides what a failure means for a run.
    ///
    /// Schedulers signal all processes of a job, so a process that an environment has started may end just when the run
    /// is interrupted. The run then ends as interrupted, if its state is saved.
    func settle(_ failure: TrainingError, wasInterrupted: Bool) throws(TrainingError) -> Outcome {
        guard wasInterrupted, saves.savedStep == trainer.counters.agentSteps else { throw failure }
        logger.error("the interrupted run also failed: \(failure)")
        return .interrupted
    }
}
