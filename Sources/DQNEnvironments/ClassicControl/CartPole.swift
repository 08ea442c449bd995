package import DQNModel
internal import Foundation

/// A pole balanced on a cart: Gymnasium's `CartPole-v1`, after Barto, Sutton and Anderson (1983).
///
/// Observation: cart position (m), cart velocity (m/s), pole angle (rad), pole angular velocity (rad/s).
/// Every step pays 1, including the last. An episode terminates beyond ±2.4 m or ±12°, and is truncated after
/// 500 steps. The arithmetic follows Gymnasium operation by operation, in `Double`.
package struct CartPole: Environment, Sendable {
    static let fixedSpecification = EnvironmentSpecification(
        id: "CartPole-v1", observationSpace: ObservationSpace(shape: [4], element: .float32),
        actionMeanings: ["push left", "push right"], maximumEpisodeSteps: stepLimit, rewardThreshold: 475)
    static let stepLimit = 500
    static let positionLimit = 2.4
    static let angleLimit = 12 * 2 * Double.pi / 360

    private static let gravity = 9.8
    private static let poleMass = 0.1
    private static let totalMass = poleMass + 1.0
    private static let halfLength = 0.5
    private static let poleMassLength = poleMass * halfLength
    private static let force = 10.0
    private static let secondsPerStep = 0.02

    /// Cart position in metres.
    package internal(set) var position = 0.0
    /// Cart velocity in metres per second.
    package internal(set) var velocity = 0.0
    /// Pole angle from the vertical in radians, clockwise.
    package internal(set) var angle = 0.0
    /// Pole angular velocity in radians per second.
    package internal(set) var angularVelocity = 0.0
    var progress = EpisodeProgress()
    var random = RandomGenerator(seed: 0, stream: "environment")

    /// Creates the environment, not reset yet.
    package init() {}

    /// The specification of `CartPole-v1`.
    package var specification: EnvironmentSpecification { Self.fixedSpecification }

    /// Begins an episode: each state variable uniform in ±0.05.
    package mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: "environment") }
        position = random.uniform(in: -0.05..<0.05)
        velocity = random.uniform(in: -0.05..<0.05)
        angle = random.uniform(in: -0.05..<0.05)
        angularVelocity = random.uniform(in: -0.05..<0.05)
        progress.begin()
    }

    /// Pushes the cart with 10 N for 20 ms, by an explicit Euler step.
    package mutating func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: Self.fixedSpecification, actions: 2)
        let push = action == 1 ? Self.force : -Self.force
        let cosine = cos(angle)
        let sine = sin(angle)
        let shared = (push + Self.poleMassLength * (angularVelocity * angularVelocity) * sine) / Self.totalMass
        let angularAcceleration =
            (Self.gravity * sine - cosine * shared)
            / (Self.halfLength * (4.0 / 3.0 - Self.poleMass * (cosine * cosine) / Self.totalMass))
        let acceleration = shared - Self.poleMassLength * angularAcceleration * cosine / Self.totalMass

        position += Self.secondsPerStep * velocity
        velocity += Self.secondsPerStep * acceleration
        angle += Self.secondsPerStep * angularVelocity
        angularVelocity += Self.secondsPerStep * angularAcceleration

        let terminated = abs(position) > Self.positionLimit || abs(angle) > Self.angleLimit
        let truncated = progress.advance(terminated: terminated, limit: Self.stepLimit)
        return StepOutcome(reward: 1, terminated: terminated, truncated: truncated)
    }

    /// Writes position, velocity, angle and angular velocity.
    package func observe(into observation: inout Observation) {
        observation.withMutableFloats { floats in
            precondition(floats.count == 4, "CartPole-v1 writes observations of four floats")
            floats[0] = Float(position)
            floats[1] = Float(velocity)
            floats[2] = Float(angle)
            floats[3] = Float(angularVelocity)
        }
    }
}

extension CartPole {
    /// The state: `state` (the four variables), `elapsed_steps`, `phase`, `random`.
    package func snapshot() -> StateSnapshot? {
        ClassicControlState.snapshot(
            Self.fixedSpecification.id, [position, velocity, angle, angularVelocity], progress, random)
    }

    /// Restores a snapshot; each variable must lie within ±100.
    package mutating func restore(_ snapshot: StateSnapshot) throws(ModelError) {
        let stored = try ClassicControlState(
            restoring: snapshot, kind: Self.fixedSpecification.id, bounds: [100, 100, 100, 100], limit: Self.stepLimit)
        (position, velocity) = (stored.variables[0], stored.variables[1])
        (angle, angularVelocity) = (stored.variables[2], stored.variables[3])
        (progress, random) = (stored.progress, stored.random)
    }
}
