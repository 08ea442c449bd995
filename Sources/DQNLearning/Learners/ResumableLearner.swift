internal import DQNCheckpoint
internal import DQNModel
internal import DQNNetwork
internal import DQNSupport

/// A learner whose updates can be cut short when the run is to stop: after a resume it continues them exactly.
package protocol ResumableLearner: VectorLearner {
    /// Whether an update was cut short.
    var hasOpenUpdate: Bool { get }

    /// Continues the update that was cut short, which may be cut short again.
    func continueUpdate() throws
}

/// A learner that keeps what is left of its update as an ``OpenUpdate``.
protocol OpenUpdateLearner: AnyObject, ResumableLearner {
    /// What is left of the update; `nil` unless the run stopped within it.
    var openUpdate: OpenUpdate? { get set }

    /// Takes the gradient step of a number, or leaves no trace if it throws.
    ///
    /// - Parameter total: the agent steps of all workers to which the update belongs.
    func takeGradientStep(_ number: Int, at total: Int) throws

    /// Called after the last gradient step.
    func endUpdate() throws
}

extension OpenUpdateLearner {
    var hasOpenUpdate: Bool { openUpdate != nil }

    /// Takes the gradient steps of an update, until one is cut short.
    func update(steps: Int, at step: StepCount) throws {
        openUpdate = OpenUpdate(steps: steps, at: step)
        try continueUpdate()
    }

    func continueUpdate() throws {
        guard var update = openUpdate else { return }
        openUpdate = nil
        let total = update.total
        try update.proceed { try takeGradientStep($0, at: total) }
        guard update.isOpen else { return try endUpdate() }
        openUpdate = update
    }

    /// Adds the learner's arrays, if there are any, and the open update to a worker's state.
    func save(_ values: [String: StateSnapshot.Value], of method: String, into state: inout WorkerState) {
        var values = values
        openUpdate?.save(into: &values)
        guard !values.isEmpty else { return }
        state.learner = StateSnapshot(
            kind: method, version: hasOpenUpdate ? OpenUpdate.stateVersion : 1, values: values)
    }
}

/// What is left of an update that consists of several gradient steps, as checkpoints store it.
struct OpenUpdate {
    /// The version of the learner's state with an open update. A reader that knows only version 1 would lose it, and
    /// refuses this one.
    static let stateVersion = 2

    /// The gradient steps taken so far.
    var taken = 0
    /// All gradient steps.
    let steps: Int
    /// The total of agent steps that the update belongs to.
    let total: Int

    init(steps: Int, at step: StepCount) {
        self.steps = steps
        total = step.total
    }

    /// Restores an open update; `nil` if a learner's state has none.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if there are no steps left.
    init?(_ snapshot: StateSnapshot?) throws(ModelError) {
        guard let snapshot, snapshot.version == Self.stateVersion else { return nil }
        let stored = try snapshot.int64("open_update", count: 3)
        guard stored[0] >= 0, stored[0] < stored[1], stored[1] <= largestCount, stored[2] >= 0 else {
            throw .invalid("The stored open update has taken \(stored[0]) of \(stored[1]) gradient steps.")
        }
        (taken, steps, total) = (Int(stored[0]), Int(stored[1]), Int(stored[2]))
    }

    /// Whether gradient steps are left.
    var isOpen: Bool { taken < steps }

    /// Adds it to a learner's arrays.
    func save(into values: inout [String: StateSnapshot.Value]) {
        values["open_update"] = .int64([Int64(taken), Int64(steps), Int64(total)])
    }

    /// Takes the gradient steps that are left, until one is cut short.
    ///
    /// - Parameter body: takes the gradient step of a number, or leaves no trace if it throws.
    mutating func proceed(_ body: (_ number: Int) throws -> Void) throws {
        let heartbeat = Heartbeat.current
        while isOpen {
            let number = taken
            guard try Heartbeat.update(heartbeat, isCut: Self.isCut, { try body(number) }) else { return }
            taken += 1
        }
    }

    private static func isCut(_ error: any Error) -> Bool {
        error is Heartbeat.UpdateCut || (error as? NetworkError)?.underlying is Heartbeat.UpdateCut
    }
}

/// The largest count in a learner's state: adding to it cannot overflow.
private let largestCount: Int64 = 1 << 53

extension StateSnapshot {
    /// Returns the only element of an array of counts.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if it is missing or out of range.
    func count(_ name: String, from least: Int = 0) throws(ModelError) -> Int {
        let value = try int64(name, count: 1)[0]
        guard (Int64(least)...largestCount).contains(value) else {
            throw .invalid("The stored '\(name)' is \(value); it must be from \(least) to 2^53.")
        }
        return Int(value)
    }
}

extension LearnerContext {
    /// Refuses a segment whose last step is not the worker's last one in its round of environments.
    func requireRound(of segment: Segment) throws(ModelError) {
        let steps = state?.agentSteps ?? 0
        guard segment.count % segment.environments != steps % segment.environments else { return }
        throw .invalid(
            "The stored segment has \(segment.count) steps, but the worker's \(steps) agent steps end elsewhere in a "
                + "round of \(segment.environments) environments.")
    }

    /// Returns the arrays that a learner of this method saved, with or without an open update.
    func restoredWithUpdate() throws(ModelError) -> StateSnapshot? {
        try restored(version: state?.learner?.version == OpenUpdate.stateVersion ? OpenUpdate.stateVersion : 1)
    }
}
