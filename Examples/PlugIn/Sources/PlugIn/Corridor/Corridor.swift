import DQN

/// A corridor of eight cells with the goal at its right end and wind that blows to the left.
///
/// An episode starts in one of the three leftmost cells. Each step costs 0.01 and moves the agent one cell to the left
/// or to the right; with probability 0.1 the wind moves it one cell to the left instead. Reaching the goal earns 1 and
/// ends the episode; a time limit ends it after sixty steps. Always walking to the right earns about 0.93 per episode.
struct Corridor: Environment, Sendable {
    static let id = "Corridor-v0"
    static let cells = 8
    static let starts = 3
    static let limit = 60
    static let wind = 0.1
    static let specification = EnvironmentSpecification(
        id: id, observationSpace: ObservationSpace(shape: [cells], element: .float32),
        actionMeanings: ["left", "right"], maximumEpisodeSteps: limit, rewardThreshold: 0.9)

    var cell = 0
    var steps = 0
    /// Whether an episode is in progress.
    var isRunning = false
    var random = RandomGenerator(seed: 0, stream: id)

    var specification: EnvironmentSpecification { Self.specification }

    mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: Self.id) }
        cell = random.integer(below: Self.starts)
        steps = 0
        isRunning = true
    }

    mutating func step(_ action: Int) throws -> StepOutcome {
        guard isRunning else {
            throw EnvironmentError(code: .resetNeeded, message: "\(Self.id) has no episode in progress; call reset.")
        }
        guard action == 0 || action == 1 else {
            throw EnvironmentError(
                code: .invalidAction, message: "Invalid action \(action) in \(Self.id); use 0 (left) or 1 (right).")
        }
        let goesRight = action == 1 && random.uniform() >= Self.wind
        cell = max(0, cell + (goesRight ? 1 : -1))
        steps += 1
        let terminated = cell == Self.cells - 1
        let truncated = steps == Self.limit
        isRunning = !terminated && !truncated
        return StepOutcome(reward: terminated ? 1 : -0.01, terminated: terminated, truncated: truncated)
    }

    /// Eight numbers: 1 for the agent's cell, 0 for all others.
    func observe(into observation: inout Observation) {
        observation.withMutableFloats { cells in
            cells.update(repeating: 0)
            cells[cell] = 1
        }
    }

    func renderANSI() -> String {
        let floor = (0..<Self.cells).map { $0 == cell ? "\u{1B}[96m●\u{1B}[39m" : $0 == Self.cells - 1 ? "⚑" : "·" }
        return "│" + floor.joined(separator: " ") + "│"
    }
}
