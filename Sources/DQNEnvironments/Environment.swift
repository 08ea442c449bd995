public import DQNGraphics
public import DQNModel

/// An environment in the sense of reinforcement learning: it shows observations, takes actions and pays rewards.
///
/// Call ``reset(seed:)``, then ``step(_:)`` until its outcome is `terminated` or `truncated`, then ``reset(seed:)``
/// again. An environment never resets itself: the observation after the last step is the true final one.
///
/// ```swift
/// var environment = try EnvironmentRegistry.make("CartPole-v1")
/// var observation = Observation(zerosOf: environment.specification.observationSpace)
/// try environment.reset(seed: 1)
/// environment.observe(into: &observation)
/// let outcome = try environment.step(0)
/// ```
///
/// An environment of your own needs ``specification``, ``reset(seed:)``, ``step(_:)`` and ``observe(into:)``; everything
/// else has a default. Declare its type `Codable` as well, and a resumed run continues in the middle of an episode.
///
/// The built-in environments are values: a copy is independent. Requirements throw errors of any type, so that your own
/// environments can throw theirs; the ones of this module throw ``EnvironmentError`` and `ModelError`.
public protocol Environment {
    /// The environment's id, spaces and limits; constant.
    ///
    /// Copying it retains strings and arrays: read it once, outside hot loops.
    var specification: EnvironmentSpecification { get }

    /// The lives left in the game; `nil` (the default) if the environment counts none.
    var lives: Int? { get }

    /// Whether each action is allowed at the current observation; `nil` (the default) if every action is.
    ///
    /// It has one entry per action and allows at least one, except after a terminal step, where nobody reads it. Agents
    /// and targets of learning then ignore the other actions. It is read only if
    /// ``EnvironmentSpecification/masksActions`` is set, after each reset, step and restore.
    var actionMask: [Bool]? { get }

    /// Begins an episode.
    ///
    /// - Parameter seed: restarts the environment's random stream; `nil` continues it. Built-in environments that were
    ///   never seeded draw from seed 0.
    mutating func reset(seed: UInt64?) throws

    /// Takes one action.
    ///
    /// Built-in environments allocate nothing here.
    /// - Parameter action: an index into ``EnvironmentSpecification/actionMeanings``.
    /// - Throws: ``EnvironmentError``: `invalidAction` for an action out of range, `resetNeeded` before the first reset
    ///   and after the end of an episode; the environment is then unchanged.
    mutating func step(_ action: Int) throws -> StepOutcome

    /// Writes the current observation in place, without allocating.
    ///
    /// - Precondition: `observation` was created for ``EnvironmentSpecification/observationSpace``.
    func observe(into observation: inout Observation)

    /// Returns the whole state as data for ``restore(_:)``; `nil` if the environment cannot be captured. A run reports
    /// that when it first saves, and a resume of it starts a new episode and reports that too.
    ///
    /// The default is `nil`, and everything that `Codable` encodes for a type that conforms to it.
    /// - Throws: an error if the state cannot be captured at this moment.
    func snapshot() throws -> StateSnapshot?

    /// Restores a snapshot exactly, random stream included. The default restores what that of ``snapshot()`` returns.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) for a snapshot of another environment and for invalid
    ///   values; the environment is then unchanged. ``EnvironmentError`` (`stateNotApplicable`) for a valid state that
    ///   does not fit this environment; it then needs a reset.
    mutating func restore(_ snapshot: StateSnapshot) throws

    /// Returns the current state as a colour picture, always of the same size; `nil` if there is none.
    ///
    /// The default shows the observation if it is a frame.
    /// - Throws: an error if the picture cannot be drawn at this moment.
    func picture() throws -> Picture?

    /// Returns the current state as text with ANSI colours, without a final newline. The default is an empty text, for
    /// environments that draw no characters.
    func renderANSI() -> String

    /// A line of figures to show below the picture, such as `step 37/500   position +0.12 m`; empty by default.
    var statusLine: String { get }

    /// Agent steps per second at which a film looks natural; 15 by default.
    var stepsPerSecond: Double { get }
}

extension Environment {
    /// `nil`: the environment cannot be captured.
    public func snapshot() throws -> StateSnapshot? { nil }

    /// Throws, because there is nothing to restore without a ``snapshot()``.
    ///
    /// - Throws: ``EnvironmentError`` (`stateNotApplicable`): a resumed run starts a new episode and reports it.
    public mutating func restore(_ snapshot: StateSnapshot) throws {
        throw EnvironmentError(
            code: .stateNotApplicable,
            message: "The environment '\(specification.id)' has a stored state, but no way to restore it; declare its "
                + "type Codable, or implement snapshot() and restore(_:).")
    }

    /// `nil`: the environment counts no lives.
    public var lives: Int? { nil }

    /// `nil`: every action is allowed.
    public var actionMask: [Bool]? { nil }

    /// The observation, if it is a frame.
    public func picture() throws -> Picture? { Picture(currentObservation) }

    /// Empty: the environment does not draw characters.
    public func renderANSI() -> String { "" }

    /// Empty.
    public var statusLine: String { "" }

    /// 15, the rate of an Atari game whose actions are repeated four times.
    public var stepsPerSecond: Double { 15 }
}

/// An environment that can name what keeps its state from being captured.
package protocol CaptureExplaining {
    /// Why `snapshot()` returned `nil`: the attribute and its type; `nil` if it has not.
    var captureObstacle: String? { get }
}

extension Environment {
    /// Returns the current state as text for a terminal of the given size, without a final newline.
    ///
    /// It shows the environment's own text if there is one; otherwise its ``picture()`` in 24-bit colour, as large as
    /// fits; otherwise the numbers of its observation. Its ``statusLine`` follows below. An environment whose
    /// observations are frames of bytes shows its picture first.
    /// - Precondition: both are positive.
    package func renderANSI(columns: Int, rows: Int) -> String {
        let status = statusLine.prefix(columns)
        let rest = status.isEmpty ? rows : max(1, rows - 1)
        let space = specification.observationSpace
        let showsPictureFirst = space.element == .uint8 && space.shape.count > 1
        var text = ""
        if !showsPictureFirst { text = renderANSI() }
        // A failure to draw a picture must not end a run.
        if text.isEmpty, let picture = try? picture() { text = picture.terminalText(columns: columns, rows: rest) }
        if text.isEmpty { text = renderANSI() }
        if text.isEmpty { text = StatusLine.numbers(currentObservation) }
        return status.isEmpty ? text : "\(text)\n\(status)"
    }

    private var currentObservation: Observation {
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        return observation
    }
}
