package import DQNGraphics
package import DQNModel

/// An environment that wraps another one and changes one aspect of it.
///
/// A snapshot holds the wrapper's own arrays and the whole snapshot of the inner environment: its arrays as
/// `inner.NAME`, its kind and version as `inner-kind` and `inner-version`. The kind is the wrapper's ``text`` with its
/// settings, so that a state is only restored under the same settings.
package protocol EnvironmentWrapper: Environment, CaptureExplaining {
    /// The inner environment.
    var inner: any Environment { get set }
    /// The wrapper as a list writes it: `action-repeat:4,max`.
    var text: String { get }
    /// What takes frames for the inner environment, if the wrapper passes each step on unchanged, and observations too
    /// where two of them count; `nil` by default.
    func innerFrameTaker(keepingTwo: Bool) -> (any FrameTaking)?
    /// What begins a step early: by default the inner environment, whose step each wrapper's step takes first, with the
    /// same action.
    var innerPreparation: StepPreparation? { get }
}

extension EnvironmentWrapper {
    /// The specification of the inner environment.
    package var specification: EnvironmentSpecification { inner.specification }
    /// `nil`: steps pass through the wrapper.
    package func innerFrameTaker(keepingTwo: Bool) -> (any FrameTaking)? { nil }
    /// That of the inner environment.
    package var innerPreparation: StepPreparation? { inner.stepPreparation }
    /// The lives left in the inner environment.
    package var lives: Int? { inner.lives }
    /// The action mask of the inner environment.
    package var actionMask: [Bool]? { inner.actionMask }
    /// Resets the inner environment.
    package mutating func reset(seed: UInt64?) throws { try inner.reset(seed: seed) }
    /// Steps the inner environment.
    package mutating func step(_ action: Int) throws -> StepOutcome { try inner.step(action) }
    /// Writes the observation of the inner environment.
    package func observe(into observation: inout Observation) { inner.observe(into: &observation) }
    /// The text of the inner environment.
    package func renderANSI() -> String { inner.renderANSI() }
    /// The figures of the inner environment.
    package var statusLine: String { inner.statusLine }
    /// The picture of the inner environment, not of the wrapper's observations.
    package func picture() throws -> Picture? { try inner.picture() }
    /// Why the inner environment cannot be captured.
    package var captureObstacle: String? { (inner as? any CaptureExplaining)?.captureObstacle }
    /// The rate of the inner environment.
    package var stepsPerSecond: Double { inner.stepsPerSecond }
    /// The state of the inner environment; `nil` if it cannot be captured.
    package func snapshot() throws -> StateSnapshot? { try snapshot(with: [:]) }
    /// Restores the inner environment.
    package mutating func restore(_ snapshot: StateSnapshot) throws { try inner.restore(innerSnapshot(of: snapshot)) }

    /// The layout version of every wrapper's snapshot.
    private var layout: Int { 1 }

    /// Returns a snapshot of the wrapper's own arrays and the state of the inner environment; `nil` if that cannot be
    /// captured.
    ///
    /// - Parameter own: the arrays by name; names must not begin with `inner`.
    package func snapshot(with own: [String: StateSnapshot.Value]) throws -> StateSnapshot? {
        guard let state = try inner.snapshot() else { return nil }
        var values = own
        for (name, value) in state.values { values["inner.\(name)"] = value }
        values["inner-kind"] = .uint8(Array(state.kind.utf8))
        values["inner-version"] = .int64([Int64(state.version)])
        return StateSnapshot(kind: text, version: layout, values: values)
    }

    /// Returns the state of the inner environment in a snapshot of this wrapper.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) for a snapshot of another wrapper or with other settings.
    package func innerSnapshot(of snapshot: StateSnapshot) throws(ModelError) -> StateSnapshot {
        try snapshot.require(kind: text, version: layout)
        let version = try snapshot.int64("inner-version", count: 1)[0]
        guard case .uint8(let kind) = snapshot.values["inner-kind"] else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "The snapshot of \(text) lacks the kind of its environment ('inner-kind').")
        }
        var values: [String: StateSnapshot.Value] = [:]
        for (name, value) in snapshot.values where name.hasPrefix("inner.") {
            values[String(name.dropFirst(6))] = value
        }
        return StateSnapshot(kind: String(decoding: kind, as: UTF8.self), version: Int(version), values: values)
    }
}
