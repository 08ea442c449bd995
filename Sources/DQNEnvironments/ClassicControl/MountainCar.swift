package import DQNModel
internal import Foundation

/// An underpowered car in a valley: Gymnasium's `MountainCar-v0`, after Moore (1990).
///
/// Observation: position and velocity along the track, without units. Every step pays −1, including the last.
/// An episode terminates at position 0.5, and is truncated after 200 steps. The arithmetic follows
/// Gymnasium operation by operation, in `Double`.
package struct MountainCar: Environment, Sendable {
    static let fixedSpecification = EnvironmentSpecification(
        id: "MountainCar-v0", observationSpace: ObservationSpace(shape: [2], element: .float32),
        actionMeanings: ["accelerate left", "coast", "accelerate right"], maximumEpisodeSteps: stepLimit,
        rewardThreshold: -110)
    static let stepLimit = 200
    static let leftEnd = -1.2
    static let rightEnd = 0.6
    static let goal = 0.5

    private static let fastest = 0.07
    private static let force = 0.001
    private static let gravity = 0.0025

    /// Position along the track, −1.2 to 0.6.
    package internal(set) var position = -0.5
    /// Velocity per step, −0.07 to 0.07.
    package internal(set) var velocity = 0.0
    var progress = EpisodeProgress()
    var random = RandomGenerator(seed: 0, stream: "environment")

    /// Creates the environment, not reset yet.
    package init() {}

    /// The specification of `MountainCar-v0`.
    package var specification: EnvironmentSpecification { Self.fixedSpecification }

    /// Begins an episode: at rest, position uniform in −0.6 to −0.4.
    package mutating func reset(seed: UInt64?) {
        if let seed { random = RandomGenerator(seed: seed, stream: "environment") }
        position = random.uniform(in: -0.6..<(-0.4))
        velocity = 0
        progress.begin()
    }

    /// Accelerates left (0), not at all (1) or right (2).
    package mutating func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: Self.fixedSpecification, actions: 3)
        velocity += Double(action - 1) * Self.force + cos(3 * position) * -Self.gravity
        velocity = min(max(velocity, -Self.fastest), Self.fastest)
        position += velocity
        position = min(max(position, Self.leftEnd), Self.rightEnd)
        // The left wall stops the car.
        if position == Self.leftEnd, velocity < 0 { velocity = 0 }

        let terminated = position >= Self.goal && velocity >= 0
        let truncated = progress.advance(terminated: terminated, limit: Self.stepLimit)
        return StepOutcome(reward: -1, terminated: terminated, truncated: truncated)
    }

    /// Writes position and velocity.
    package func observe(into observation: inout Observation) {
        observation.withMutableFloats { floats in
            precondition(floats.count == 2, "MountainCar-v0 writes observations of two floats")
            floats[0] = Float(position)
            floats[1] = Float(velocity)
        }
    }
}

extension MountainCar {
    /// The state: `state` (position, velocity), `elapsed_steps`, `phase`, `random`.
    package func snapshot() -> StateSnapshot? {
        ClassicControlState.snapshot(Self.fixedSpecification.id, [position, velocity], progress, random)
    }

    /// Restores a snapshot; position and velocity must lie within ±1.2 and ±0.07.
    package mutating func restore(_ snapshot: StateSnapshot) throws(ModelError) {
        let stored = try ClassicControlState(
            restoring: snapshot, kind: Self.fixedSpecification.id, bounds: [1.2, Self.fastest], limit: Self.stepLimit)
        (position, velocity) = (stored.variables[0], stored.variables[1])
        (progress, random) = (stored.progress, stored.random)
    }
}
