import DQNEnvironments
import DQNGraphics
import DQNModel
import Foundation
import Testing

/// What an environment has that implements nothing but the four requirements, and what `Codable` adds.
@Suite struct DefaultTests {
    /// The four requirements.
    struct Smallest: Environment {
        var space = ObservationSpace(shape: [3], element: .float32)
        var values: [Float] = [0.5, -2, .nan]

        var specification: EnvironmentSpecification {
            EnvironmentSpecification(id: "Smallest-v0", observationSpace: space, actionMeanings: ["stay", "go"])
        }
        mutating func reset(seed: UInt64?) {}
        mutating func step(_ action: Int) -> StepOutcome { StepOutcome(reward: 0, terminated: false, truncated: false) }
        func observe(into observation: inout Observation) {
            if space.element == .float32 {
                observation.withMutableFloats { floats in
                    for index in floats.indices { floats[index] = values[index % values.count] }
                }
            } else {
                observation.withMutableBytes { bytes in
                    for index in bytes.indices { bytes[index] = UInt8(index % 256) }
                }
            }
        }
    }

    /// Numbers that are easily lost.
    struct Coded: Environment, Codable, Equatable {
        var real = [0.1 + 0.2, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity]
        var single: [Float] = [.pi, 1 / 3, .leastNonzeroMagnitude]
        var whole = [Int64.min, Int64.max]
        var natural = [UInt64.max]
        var table = ["b": 2, "a": 1]
        var random = RandomGenerator(seed: 5)
        var length = 3

        var specification: EnvironmentSpecification {
            EnvironmentSpecification(
                id: "Coded-v0", observationSpace: ObservationSpace(shape: [length], element: .float32),
                actionMeanings: ["a", "b"])
        }
        mutating func reset(seed: UInt64?) { if let seed { random = RandomGenerator(seed: seed) } }
        mutating func step(_ action: Int) -> StepOutcome {
            real[0] = random.uniform()
            return StepOutcome(reward: real[0], terminated: false, truncated: false)
        }
        func observe(into observation: inout Observation) {}
    }

    @Test func withoutCodableThereIsNoStateAndNoneIsRestored() throws {
        var environment: any Environment = Smallest()
        #expect(try environment.snapshot() == nil)
        let stored = StateSnapshot(kind: "Smallest-v0", version: 1, values: [:])
        let error = #expect(throws: EnvironmentError.self) { try environment.restore(stored) }
        #expect(error?.code == .stateNotApplicable && error?.message.contains("declare its type Codable") == true)
        #expect(environment.renderANSI().isEmpty && environment.statusLine.isEmpty && environment.lives == nil)
        #expect(try environment.picture() == nil && environment.actionMask == nil)
    }

    @Test func codableStateIsExact() throws {
        var original = Coded()
        original.reset(seed: 8)
        for _ in 0..<5 { _ = original.step(0) }
        let snapshot = try #require(try original.snapshot())
        #expect(try original.snapshot() == snapshot)
        var restored = Coded()
        restored.reset(seed: 99)
        try restored.restore(snapshot)
        #expect(restored == original)
        #expect(restored.real[1].sign == .minus && restored.single == original.single)
        #expect(try restored.snapshot() == snapshot)
        let (expected, outcomes) = ((0..<9).map { _ in original.step(1) }, (0..<9).map { _ in restored.step(1) })
        #expect(outcomes == expected)
    }

    @Test func nanIsRestored() throws {
        var original = Coded()
        original.real[2] = .nan
        var restored = Coded()
        try restored.restore(#require(try original.snapshot()))
        #expect(restored.real[2].isNaN)
    }

    @Test(arguments: [
        (#"{"cell":1}"#, "does not fit"), ("{", "does not fit"), ("", "does not fit"),
    ])
    func aStateOfAnotherTypeIsNotApplicable(json: String, words: String) throws {
        var environment = Coded()
        let before = environment
        let stored = StateSnapshot(kind: "Coded-v0", version: 1, values: ["state": .uint8(Array(json.utf8))])
        let error = #expect(throws: EnvironmentError.self) { try environment.restore(stored) }
        #expect(error?.code == .stateNotApplicable && error?.message.contains(words) == true)
        #expect(error?.message.contains("\n") == false)
        #expect(environment == before)
    }

    @Test func otherArraysSpecificationsAndKindsAreRefused() throws {
        var environment = Coded()
        let before = environment
        var other = Coded()
        other.length = 4
        let longer = try #require(try other.snapshot())
        for (stored, words) in [
            (StateSnapshot(kind: "Coded-v0", version: 1, values: ["walk": .int64([1])]), "it has no array 'state'"),
            (longer, "it has another specification"),
        ] {
            let error = #expect(throws: EnvironmentError.self) { try environment.restore(stored) }
            #expect(error?.code == .stateNotApplicable && error?.message.contains(words) == true)
        }
        for (kind, version) in [("Walk-v0", 1), ("Coded-v0", 2)] {
            let stored = StateSnapshot(kind: kind, version: version, values: longer.values)
            let error = #expect(throws: ModelError.self) { try environment.restore(stored) }
            #expect(error?.code == .invalidSnapshot)
        }
        #expect(environment == before)
    }

    @Test func aGeneratorWithoutStateIsNotDecoded() throws {
        let stored = try JSONEncoder().encode(RandomGenerator(seed: 3))
        #expect(try JSONDecoder().decode(RandomGenerator.self, from: stored) == RandomGenerator(seed: 3))
        for text in ["[0,0,0,0]", "[1,2,3]", "7"] {
            #expect(throws: (any Error).self) { try JSONDecoder().decode(RandomGenerator.self, from: Data(text.utf8)) }
        }
    }

    @Test(arguments: [
        (ObservationSpace(shape: [1], element: .float32), 40), (ObservationSpace(shape: [16], element: .float32), 400),
        (ObservationSpace(shape: [17], element: .float32), 256), (ObservationSpace(shape: [128], element: .uint8), 286),
        (ObservationSpace(shape: [200_000], element: .float32), 447),
        (ObservationSpace(shape: [2, 3, 4, 5], element: .float32), 319),
    ])
    func observationsWithoutAPictureAreDrawnAsNumbers(space: ObservationSpace, height: Int) throws {
        var environment = Smallest()
        environment.space = space
        let picture = try #require(try environment.recordedPicture())
        #expect(picture.height == height, "\(picture.width) by \(picture.height)")
        let before = picture
        environment.values = [-0.5, 3, 1]
        let next = try #require(try environment.recordedPicture())
        #expect((next.width, next.height) == (before.width, before.height))
        #expect(space.element == .uint8 || next != before)
    }

    @Test func aPictureOfItsOwnIsRecordedAsItIs() throws {
        var environment = try EnvironmentRegistry.make("CartPole-v1")
        try environment.reset(seed: 1)
        #expect(try environment.recordedPicture() == environment.picture())
    }
}
