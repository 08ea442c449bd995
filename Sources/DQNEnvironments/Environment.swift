public import DQNGraphics
public import DQNModel

/// A world that an agent lives in: it shows an observation, takes an action and pays a reward.
///
/// Conforming types are values where they can be: the built-in ones copy, snapshot and restore exactly. The
/// order of calls is ``reset(seed:)``, then ``step(_:)`` until it says `terminated` or `truncated`, then
/// ``reset(seed:)`` again; an environment never resets itself, so the observation after the last step is the
/// true final one.
///
/// ```swift
/// var environment = try EnvironmentRegistry.make("CartPole-v1")
/// var observation = Observation(zerosOf: environment.specification.observationSpace)
/// try environment.reset(seed: 1)
/// environment.observe(into: &observation)
/// let outcome = try environment.step(0)
/// ```
public protocol Environment {
    /// What the environment is called and what it takes and gives; the same for its whole life.
    ///
    /// Copying it retains strings and arrays: read it once, outside hot loops.
    var specification: EnvironmentSpecification { get }

    /// Lives left in the game, where it counts any; `nil` elsewhere.
    var lives: Int? { get }

    /// Begins an episode.
    ///
    /// - Parameter seed: starts the environment's random stream anew; `nil` goes on with the present one. A
    ///   built-in environment that was never given a seed draws from seed 0.
    mutating func reset(seed: UInt64?) throws

    /// Takes one action.
    ///
    /// Built-in environments allocate nothing here.
    /// - Parameter action: an index into ``EnvironmentSpecification/actionMeanings``.
    /// - Throws: ``EnvironmentError`` (`invalidAction`) for an action out of range, (`resetNeeded`) before the
    ///   first reset and after an episode's end; the environment is then unchanged.
    mutating func step(_ action: Int) throws -> StepOutcome

    /// Writes the current observation in place, without allocating.
    ///
    /// - Precondition: `observation` was made for ``EnvironmentSpecification/observationSpace``.
    func observe(into observation: inout Observation)

    /// The whole state as data, from which ``restore(_:)`` goes on exactly; `nil` where that cannot be had.
    ///
    /// - Throws: what keeps the environment from telling its state this time.
    func snapshot() throws -> StateSnapshot?

    /// Goes back to a snapshot's state, the random stream included.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) for another environment's snapshot and for values
    ///   the environment cannot be in; it is then unchanged. ``EnvironmentError`` (`stateNotApplicable`) for a state
    ///   that is whole but that this environment cannot be brought into; it needs a reset then.
    mutating func restore(_ snapshot: StateSnapshot) throws

    /// The current state as a picture of text with ANSI colours, lines of equal width, without a final newline.
    func renderANSI() -> String

    /// The current state as text for a terminal of so many columns and rows, without a final newline.
    ///
    /// An environment whose observations are pixels is drawn as its ``picture()`` in 24-bit colour, as large as it
    /// fits, unless it says otherwise; any other by ``renderANSI()``.
    /// - Precondition: both are positive.
    func renderANSI(columns: Int, rows: Int) -> String

    /// The current state as a picture in colour, always of one size; `nil` where there is none.
    ///
    /// Unless an environment draws itself, its observation is shown where that is a frame.
    /// - Throws: what keeps the environment from being drawn this time.
    func picture() throws -> Picture?

    /// Agent steps a second at which a film looks natural; 15 unless an environment says otherwise.
    var stepsPerSecond: Double { get }
}

extension Environment {
    /// Frames of bytes as their picture, all else by ``renderANSI()``.
    public func renderANSI(columns: Int, rows: Int) -> String {
        let space = specification.observationSpace
        guard space.element == .uint8, space.shape.count > 1, let picture = try? picture() else { return renderANSI() }
        return picture.terminalText(columns: columns, rows: rows)
    }

    /// The observation, where it is a frame.
    public func picture() throws -> Picture? {
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        return Picture(observation)
    }

    /// Fifteen, as an Atari game goes whose actions are repeated four times.
    public var stepsPerSecond: Double { 15 }
}

extension Environment {
    /// None are counted.
    public var lives: Int? { nil }
}
