import DQNEnvironments
import DQNModel
import Foundation

/// A walk of ten steps with injected faults. They affect one worker, identified by the seed of its first reset.
struct FaultyEnvironment: Environment {
    enum Fault: String, CaseIterable {
        case none
        case throwsInStep = "throws-in-step"
        case throwsAtReset = "throws-at-reset"
        case throwsAtStart = "throws-at-start"
        case blocksInStep = "blocks-in-step"
        case blocksAtStart = "blocks-at-start"
        case diesInStep = "dies-in-step"
        case diesAtStart = "dies-at-start"
        case throwsInSnapshot = "throws-in-snapshot"
        case blocksInSnapshot = "blocks-in-snapshot"
        case isSlow = "is-slow"
        case hasNoSnapshot = "has-no-snapshot"
        case throwsInEvaluation = "throws-in-evaluation"
        case blocksInEvaluation = "blocks-in-evaluation"
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String { "the injected fault" }
    }

    /// The first seed of worker 1 in a run with seed 0; the fault affects the environment that is reset with it.
    static let faultySeed: UInt64 = {
        var seeds = RandomGenerator(seed: 0, stream: "workers/1/environment")
        return seeds.next()
    }()
    /// The seed of the first evaluation's first episode.
    static let evaluationSeed: UInt64 = {
        var seeds = RandomGenerator(seed: 0, stream: "evaluations/0")
        return seeds.next()
    }()
    /// Agent steps of the affected worker before the fault.
    static let stepsBefore = 57

    static func id(_ fault: Fault) -> String { "Faulty-\(fault.rawValue)-v0" }

    /// Registers every kind, once.
    static let registration: Void = {
        for fault in Fault.allCases {
            // The ids are unique to this type, so registration cannot fail.
            try? EnvironmentRegistry.register(id(fault)) { FaultyEnvironment(fault: fault) }
        }
    }()

    let fault: Fault
    private var isFaulty = false
    private var position: Float = 0
    private var length = 0
    private var steps = 0

    init(fault: Fault) { self.fault = fault }

    var specification: EnvironmentSpecification {
        EnvironmentSpecification(
            id: Self.id(fault), observationSpace: ObservationSpace(shape: [2], element: .float32),
            actionMeanings: ["left", "right"])
    }

    mutating func reset(seed: UInt64?) throws {
        if seed == Self.faultySeed { isFaulty = true }
        if seed == Self.evaluationSeed, fault.rawValue.hasSuffix("evaluation") {
            isFaulty = true
            try fail(.throwsInEvaluation, .blocksInEvaluation, if: true)
        }
        try fail(.throwsAtStart, .blocksAtStart, .diesAtStart, if: steps == 0)
        try fail(.throwsAtReset, if: steps >= Self.stepsBefore)
        position = 0
        length = 0
    }

    mutating func step(_ action: Int) throws -> StepOutcome {
        // A step takes a while, so that both workers take some.
        usleep(fault != .isSlow ? 200 : isFaulty ? 8_000 : 1_000)
        try fail(.throwsInStep, .blocksInStep, .diesInStep, if: steps == Self.stepsBefore)
        steps += 1
        length += 1
        position += action == 1 ? 1 : -1
        return StepOutcome(reward: Double(action), terminated: length == 10, truncated: false)
    }

    private func fail(_ faults: Fault..., if isDue: Bool) throws {
        guard isFaulty, isDue, faults.contains(fault) else { return }
        if fault.rawValue.hasPrefix("throws") { throw Failure() }
        if fault.rawValue.hasPrefix("dies") { pthread_exit(nil) }
        // Much longer than any test waits.
        sleep(3_600)
    }

    func observe(into observation: inout Observation) {
        observation.withMutableFloats {
            $0[0] = position
            $0[1] = Float(length)
        }
    }

    func snapshot() throws -> StateSnapshot? {
        try fail(.throwsInSnapshot, .blocksInSnapshot, if: steps >= Self.stepsBefore)
        if fault == .hasNoSnapshot { return nil }
        return StateSnapshot(
            kind: Self.id(fault), version: 1,
            values: ["walk": .float64([Double(position), Double(length), Double(steps)])])
    }

    mutating func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: Self.id(fault), version: 1)
        let walk = try snapshot.float64("walk", count: 3)
        position = Float(walk[0])
        length = Int(walk[1])
        steps = Int(walk[2])
    }

    func renderANSI() -> String { "\(position)" }
}
