public import DQNGraphics
public import DQNModel

/// An environment around an environment, which it changes in one respect; in all others it is what is inside.
///
/// A snapshot is the wrapper's own arrays and the inner environment's whole snapshot beside them: its arrays as
/// `inner.NAME`, its kind and version as `inner-kind` and `inner-version`. The wrapper's kind is its ``text``, settings
/// included, so that a state is not restored where other settings are in force.
public protocol EnvironmentWrapper: Environment {
    /// The environment inside.
    var inner: any Environment { get set }
    /// The wrapper as lists have it: `action-repeat:4,max`.
    var text: String { get }
}

extension EnvironmentWrapper {
    /// The inner environment's.
    public var specification: EnvironmentSpecification { inner.specification }
    /// The inner environment's.
    public var lives: Int? { inner.lives }
    /// Resets the inner environment.
    public mutating func reset(seed: UInt64?) throws { try inner.reset(seed: seed) }
    /// Steps the inner environment.
    public mutating func step(_ action: Int) throws -> StepOutcome { try inner.step(action) }
    /// Shows what the inner environment shows.
    public func observe(into observation: inout Observation) { inner.observe(into: &observation) }
    /// The inner environment's drawing, not what the wrapper makes of its observations.
    public func renderANSI() -> String { inner.renderANSI() }
    /// The inner environment's drawing for a screen.
    public func renderANSI(columns: Int, rows: Int) -> String { inner.renderANSI(columns: columns, rows: rows) }
    /// The inner environment's picture.
    public func picture() throws -> Picture? { try inner.picture() }
    /// The inner environment's.
    public var stepsPerSecond: Double { inner.stepsPerSecond }
    /// The inner environment's state; `nil` where it cannot tell its own.
    public func snapshot() throws -> StateSnapshot? { try snapshot(with: [:]) }
    /// Restores the inner environment.
    public mutating func restore(_ snapshot: StateSnapshot) throws { try inner.restore(innerSnapshot(of: snapshot)) }

    /// The layout of every wrapper's snapshot.
    private var layout: Int { 1 }

    /// A snapshot of arrays of the wrapper's own and the inner environment's state; `nil` where that cannot be had.
    ///
    /// - Parameter own: by names that do not begin with `inner`.
    public func snapshot(with own: [String: StateSnapshot.Value]) throws -> StateSnapshot? {
        guard let state = try inner.snapshot() else { return nil }
        var values = own
        for (name, value) in state.values { values["inner.\(name)"] = value }
        values["inner-kind"] = .uint8(Array(state.kind.utf8))
        values["inner-version"] = .int64([Int64(state.version)])
        return StateSnapshot(kind: text, version: layout, values: values)
    }

    /// The inner environment's state in a snapshot of this wrapper's.
    ///
    /// - Throws: ``DQNModel/ModelError`` (`invalidSnapshot`) for a snapshot of another wrapper, or with other settings.
    public func innerSnapshot(of snapshot: StateSnapshot) throws(ModelError) -> StateSnapshot {
        try snapshot.require(kind: text, version: layout)
        let version = try snapshot.int64("inner-version", count: 1)[0]
        guard case .uint8(let kind) = snapshot.values["inner-kind"] else {
            throw ModelError(
                code: .invalidSnapshot, message: "The snapshot of \(text) does not say what is inside ('inner-kind').")
        }
        var values: [String: StateSnapshot.Value] = [:]
        for (name, value) in snapshot.values where name.hasPrefix("inner.") {
            values[String(name.dropFirst(6))] = value
        }
        return StateSnapshot(kind: String(decoding: kind, as: UTF8.self), version: Int(version), values: values)
    }
}
