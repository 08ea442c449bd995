import DQNEnvironments
import DQNModel

/// Steps the Atari wrappers around precomputed screens, to measure the wrappers alone.
package struct AtariPictures {
    private var environment: any Environment
    private var observation: Observation

    package init(channels: Int) throws {
        environment = try WrapperList(parsing: "action-repeat:4,max atari-pixels:84 time-limit:27000 reward-clip")
            .wrap(Screens(channels: channels), for: .training)
        observation = Observation(zerosOf: environment.specification.observationSpace)
        try environment.reset(seed: 1)
    }

    /// Takes an agent step and observes the result.
    package mutating func run() throws {
        if try environment.step(0).ended { try environment.reset(seed: nil) }
        environment.observe(into: &observation)
    }
}

/// An environment that alternates between two screens.
private struct Screens: Environment {
    let specification: EnvironmentSpecification
    private let screens: [[UInt8]]
    private var frame = 0

    init(channels: Int) {
        let space = ObservationSpace(shape: channels == 1 ? [210, 160] : [channels, 210, 160], element: .uint8)
        specification = EnvironmentSpecification(
            id: "Screens-v0", observationSpace: space, actionMeanings: ["noop"])
        var generator = RandomGenerator(seed: 1)
        screens = (0..<2).map { _ in
            (0..<space.byteCount).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
    }

    mutating func reset(seed: UInt64?) { frame = 0 }

    mutating func step(_ action: Int) -> StepOutcome {
        frame += 1
        return StepOutcome(reward: 0, terminated: false, truncated: false)
    }

    func observe(into observation: inout Observation) {
        screens[frame & 1].withUnsafeBytes { screen in
            observation.withMutableBytes { $0.copyMemory(from: screen) }
        }
    }

    func snapshot() -> StateSnapshot? { nil }
    func restore(_ snapshot: StateSnapshot) {}
    func renderANSI() -> String { "" }
}
