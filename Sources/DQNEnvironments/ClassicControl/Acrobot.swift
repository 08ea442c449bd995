package import DQNModel
internal import Foundation

/// A two-link pendulum driven at its middle joint: Gymnasium's `Acrobot-v1`, after Sutton (1996).
///
/// Observation: cos θ₁, sin θ₁, cos θ₂, sin θ₂ and the two angular velocities (rad/s); θ₁ is the first
/// link's angle from hanging down, θ₂ the second's relative to the first. A step pays −1, or 0 when it swings
/// the tip one link's length above the fixed joint, which terminates the episode; it is truncated after 500
/// steps. One fourth-order Runge–Kutta step of 0.2 s follows Gymnasium's ("book" dynamics) operation by
/// operation, in `Double`.
package struct Acrobot: Environment, Sendable {
    static let fixedSpecification = EnvironmentSpecification(
        id: "Acrobot-v1", observationSpace: ObservationSpace(shape: [6], element: .float32),
        actionMeanings: ["torque −1", "torque 0", "torque +1"], maximumEpisodeSteps: stepLimit, rewardThreshold: -100)
    static let stepLimit = 500
    private static let secondsPerStep = 0.2
    private static let fastest = (first: 4 * Double.pi, second: 9 * Double.pi)

    /// Angles (rad) and angular velocities (rad/s): θ₁, θ₂, θ̇₁, θ̇₂.
    package internal(set) var state = SIMD4<Double>.zero
    var progress = EpisodeProgress()
    var random = RandomGenerator(seed: 0, stream: "environment")

    /// Creates the environment, not reset yet.
    package init() {}

    /// The specification of `Acrobot-v1`.
    package var specification: EnvironmentSpecification { Self.fixedSpecification }

    /// Begins an episode: each state variable uniform in ±0.1, rounded to `Float` as Gymnasium does.
    package mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: "environment") }
        for index in 0..<4 { state[index] = Double(Float(random.uniform(in: -0.1..<0.1))) }
        progress.begin()
    }

    /// Applies a torque of −1, 0 or +1 N·m for 0.2 s.
    package mutating func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: Self.fixedSpecification, actions: 3)
        let torque = Double(action - 1)
        let half = Self.secondsPerStep / 2.0
        let k1 = Self.derivative(state, torque)
        let k2 = Self.derivative(state + half * k1, torque)
        let k3 = Self.derivative(state + half * k2, torque)
        let k4 = Self.derivative(state + Self.secondsPerStep * k3, torque)
        state += Self.secondsPerStep / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4)
        state[0] = Self.wrapped(state[0])
        state[1] = Self.wrapped(state[1])
        state[2] = min(max(state[2], -Self.fastest.first), Self.fastest.first)
        state[3] = min(max(state[3], -Self.fastest.second), Self.fastest.second)

        let terminated = -cos(state[0]) - cos(state[1] + state[0]) > 1
        let truncated = progress.advance(terminated: terminated, limit: Self.stepLimit)
        return StepOutcome(reward: terminated ? 0 : -1, terminated: terminated, truncated: truncated)
    }

    /// Writes the cosine and sine of both angles, then both angular velocities.
    package func observe(into observation: inout Observation) {
        observation.withMutableFloats { floats in
            precondition(floats.count == 6, "Acrobot-v1 writes observations of six floats")
            floats[0] = Float(cos(state[0]))
            floats[1] = Float(sin(state[0]))
            floats[2] = Float(cos(state[1]))
            floats[3] = Float(sin(state[1]))
            floats[4] = Float(state[2])
            floats[5] = Float(state[3])
        }
    }

    /// The state's rate of change under a torque (Sutton and Barto's book, section 11.3 of the first edition).
    ///
    /// Both links: mass 1 kg, length 1 m, centre of mass at 0.5 m, moment of inertia 1 kg·m².
    private static func derivative(_ state: SIMD4<Double>, _ torque: Double) -> SIMD4<Double> {
        let gravity = 9.8
        let (theta1, theta2, speed1, speed2) = (state[0], state[1], state[2], state[3])
        let cosine2 = cos(theta2)
        let sine2 = sin(theta2)
        // Unit masses and lengths are omitted, which changes no rounding.
        let d1 = 0.25 + (1.0 + 0.25 + 2 * 0.5 * cosine2) + 1.0 + 1.0
        let d2 = (0.25 + 0.5 * cosine2) + 1.0
        let phi2 = 0.5 * gravity * cos(theta1 + theta2 - Double.pi / 2)
        let swing = -0.5 * (speed2 * speed2) * sine2 - 2 * 0.5 * speed2 * speed1 * sine2
        let phi1 = swing + 1.5 * gravity * cos(theta1 - Double.pi / 2) + phi2
        let acceleration2 =
            (torque + d2 / d1 * phi1 - 0.5 * (speed1 * speed1) * sine2 - phi2) / (0.25 + 1.0 - d2 * d2 / d1)
        let acceleration1 = -(d2 * acceleration2 + phi1) / d1
        return SIMD4(speed1, speed2, acceleration1, acceleration2)
    }

    /// Returns the angle in −π…π, changed by whole turns.
    private static func wrapped(_ angle: Double) -> Double {
        var angle = angle
        while angle > Double.pi { angle -= 2 * Double.pi }
        while angle < -Double.pi { angle += 2 * Double.pi }
        return angle
    }
}

extension Acrobot {
    /// The state: `state` (θ₁, θ₂, θ̇₁, θ̇₂), `elapsed_steps`, `phase`, `random`.
    package func snapshot() -> StateSnapshot? {
        ClassicControlState.snapshot(
            Self.fixedSpecification.id, [state[0], state[1], state[2], state[3]], progress, random)
    }

    /// Restores a snapshot; the angles must lie within ±π, the velocities within ±4π and ±9π.
    package mutating func restore(_ snapshot: StateSnapshot) throws(ModelError) {
        let stored = try ClassicControlState(
            restoring: snapshot, kind: Self.fixedSpecification.id,
            bounds: [Double.pi, Double.pi, Self.fastest.first, Self.fastest.second], limit: Self.stepLimit)
        state = SIMD4(stored.variables[0], stored.variables[1], stored.variables[2], stored.variables[3])
        (progress, random) = (stored.progress, stored.random)
    }
}
