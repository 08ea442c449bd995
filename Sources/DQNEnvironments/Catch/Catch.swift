package import DQNModel

/// A falling ball to catch with a paddle: bsuite's `Catch` (Osband et al., 2020), after Mnih et al. (2014).
///
/// The board has ten rows and five columns. A ball starts in a random column of the top row and falls one row
/// per step; the paddle starts in the middle of the bottom row and moves by at most one column per step. When the
/// ball reaches the bottom row, nine steps after the reset, the episode terminates with a reward of +1 if
/// the paddle is there and −1 if not; every other step pays 0. Every episode can be won.
package struct Catch: Environment, Sendable {
    /// The kind of observations.
    package enum Drawing: Sendable {
        /// `Catch-v0`: 10×5 floats, 1 where the ball or the paddle is.
        case board
        /// `Catch84-v0`: the same game in 84×84 bytes of grey, the shape of an Atari frame.
        case pixels
    }

    static let rows = 10
    static let columns = 5

    /// The kind of observations.
    package let drawing: Drawing
    var ballRow = 0
    var ballColumn = Catch.columns / 2
    var paddleColumn = Catch.columns / 2
    var progress = EpisodeProgress()
    var random = RandomGenerator(seed: 0, stream: "environment")

    /// Creates the environment, not reset yet.
    package init(_ drawing: Drawing) { self.drawing = drawing }

    /// The specification of `Catch-v0` or `Catch84-v0`.
    package var specification: EnvironmentSpecification {
        switch drawing {
        case .board: Self.boardSpecification
        case .pixels: Self.pixelSpecification
        }
    }

    /// Begins an episode: the ball in a random column.
    package mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: "environment") }
        ballRow = 0
        ballColumn = random.integer(below: Self.columns)
        paddleColumn = Self.columns / 2
        progress.begin()
    }

    /// Moves the paddle left (0), not at all (1) or right (2); then the ball falls one row.
    package mutating func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: specification, actions: 3)
        paddleColumn = min(max(paddleColumn + action - 1, 0), Self.columns - 1)
        ballRow += 1
        let terminated = ballRow == Self.rows - 1
        _ = progress.advance(terminated: terminated, limit: nil)
        let reward = terminated ? (paddleColumn == ballColumn ? 1.0 : -1.0) : 0.0
        return StepOutcome(reward: reward, terminated: terminated, truncated: false)
    }

    static let boardSpecification = EnvironmentSpecification(
        id: "Catch-v0", observationSpace: ObservationSpace(shape: [rows, columns], element: .float32),
        actionMeanings: ["left", "stay", "right"], rewardThreshold: 1)
    static let pixelSpecification = EnvironmentSpecification(
        id: "Catch84-v0", observationSpace: ObservationSpace(shape: [pixelExtent, pixelExtent], element: .uint8),
        actionMeanings: ["left", "stay", "right"], rewardThreshold: 1, defaultFrameStack: 4)
}

extension Catch {
    /// The state: `board` (ball row, ball column, paddle column), `elapsed_steps`, `phase`, `random`.
    package func snapshot() -> StateSnapshot? {
        var values: [String: StateSnapshot.Value] = [
            "board": .int64([Int64(ballRow), Int64(ballColumn), Int64(paddleColumn)]),
            "random": .uint64(random.words),
        ]
        progress.store(in: &values)
        return StateSnapshot(kind: specification.id, version: 1, values: values)
    }

    /// Restores a snapshot; ball and paddle must be on the board, the ball in the row of its step.
    package mutating func restore(_ snapshot: StateSnapshot) throws(ModelError) {
        try snapshot.require(kind: specification.id, version: 1)
        let board = try snapshot.int64("board", count: 3)
        let columns = 0..<Int64(Self.columns)
        let progress = try EpisodeProgress(restoring: snapshot, limit: Self.rows - 1)
        guard board[0] == Int64(progress.elapsedSteps), columns.contains(board[1]), columns.contains(board[2]) else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "A snapshot of \(specification.id) must have the ball in the row of its step, "
                    + "\(progress.elapsedSteps), and ball and paddle in columns 0 to 4; found \(board).")
        }
        random = try RandomGenerator(restoring: snapshot.uint64("random", count: 4))
        self.progress = progress
        (ballRow, ballColumn, paddleColumn) = (Int(board[0]), Int(board[1]), Int(board[2]))
    }
}
