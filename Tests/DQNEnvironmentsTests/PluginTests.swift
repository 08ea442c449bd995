import DQNEnvironments
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// Plug-ins in C that follow the contract.
@Suite struct PluginTests {
    static let names = ["GridWorld-v0", "GridWorldPixels-v0"]

    static func make(_ name: String, _ options: String = "") throws -> any Environment {
        try EnvironmentRegistry.make("plugin:\(CompiledPlugin.gridWorld().path):\(name)\(options)", trust: .any)
    }

    @Test(
        "The header compiles as C11 and C++11 without a warning",
        arguments: [("c", "c11"), ("c++", "c++11"), ("c++", "c++20")])
    func header(language: String, standard: String) throws {
        try CompiledPlugin.checkHeader(language: language, standard: standard)
    }

    @Test("The example of the documentation compiles and plays; its id needs no name")
    func documented() throws {
        let path = try CompiledPlugin.documented().path
        var environment = try EnvironmentRegistry.make("plugin:\(path)", trust: .any)
        #expect(environment.specification.id == "plugin:\(path):Coin-v0")
        #expect(environment.specification.actionMeanings == ["0", "1"])
        try environment.reset(seed: 3)
        let outcomes = try (0..<10).map { _ in try environment.step(1) }
        #expect(outcomes.map(\.reward).reduce(0, +) == 10)
        #expect(outcomes.map(\.ended) == Array(repeating: false, count: 9) + [true])
        #expect(try environment.snapshot() == nil)
    }

    @Test("The specification equals the plug-in's description")
    func specification() throws {
        let vector = try Self.make("GridWorld-v0").specification
        #expect(vector.id == "plugin:\(try CompiledPlugin.gridWorld().path):GridWorld-v0")
        #expect(vector.observationSpace == ObservationSpace(shape: [4], element: .float32))
        #expect(vector.actionMeanings == ["up", "right", "down", "left"] && vector.actionCount == 4)
        #expect(vector.maximumEpisodeSteps == 40 && vector.framesPerStep == 1 && vector.defaultFrameStack == 1)
        #expect(vector.rewardThreshold == nil)
        let pixels = try Self.make("GridWorldPixels-v0", "?size=12").specification
        #expect(pixels.observationSpace == ObservationSpace(shape: [24, 24], element: .uint8))
        #expect(pixels.maximumEpisodeSteps == 96)
    }

    @Test("Walking to the goal ends the episode after as many steps as its distance")
    func episode() throws {
        var environment = try Self.make("GridWorld-v0")
        var observation = Observation(zerosOf: environment.specification.observationSpace)
        for seed in 0..<50 {
            try environment.reset(seed: UInt64(seed))
            environment.observe(into: &observation)
            let distance = Int((4 * (abs(observation.floats[2]) + abs(observation.floats[3]))).rounded())
            var rewards: [Double] = []
            while true {
                environment.observe(into: &observation)
                let (rows, columns) = (observation.floats[2], observation.floats[3])
                let outcome = try environment.step(rows < 0 ? 0 : rows > 0 ? 2 : columns > 0 ? 1 : 3)
                rewards.append(outcome.reward)
                if outcome.ended {
                    #expect(outcome.terminated && !outcome.truncated)
                    break
                }
            }
            #expect(rewards == Array(repeating: -0.02, count: distance - 1) + [1])
            environment.observe(into: &observation)
            #expect(Array(observation.floats[2...]) == [0, 0])
        }
    }

    @Test("The host truncates at the described limit and refuses invalid calls")
    func limits() throws {
        var environment = try Self.make("GridWorld-v0", "?size=9")
        #expect { try environment.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        try environment.reset(seed: 2)
        for wrong in [-1, 4, .max, .min] {
            #expect { try environment.step(wrong) } throws: {
                ($0 as? EnvironmentError)?.code == .invalidAction && "\($0)".contains("0 (up), 1 (right)")
            }
        }
        // Into the upper left corner and against the walls; the goal of this seed is elsewhere.
        var outcomes: [StepOutcome] = []
        for index in 0..<72 { outcomes.append(try environment.step(index % 2 == 0 ? 0 : 3)) }
        #expect(outcomes.dropLast().allSatisfy { !$0.ended })
        #expect(outcomes.last?.truncated == true && outcomes.last?.terminated == false)
        #expect { try environment.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        try environment.reset(seed: nil)
        _ = try environment.step(0)
    }

    @Test("A restored environment continues like the original, across resets", arguments: names, [0, 1, 7, 45])
    func continues(name: String, steps: Int) throws {
        let options = "?slip=0.3,size=6"
        var original = try Self.make(name, options)
        try original.reset(seed: 5)
        var choices = RandomGenerator(seed: 3, stream: "test")
        _ = try play(&original, steps, &choices)
        let snapshot = try #require(try original.snapshot())
        #expect(snapshot.kind == name && snapshot.version == 1)

        // An environment that was never reset, as at a resume, and one in the middle of another episode.
        for seed in [nil, UInt64(9)] {
            var restored = try Self.make(name, options)
            if let seed { try restored.reset(seed: seed) }
            try restored.restore(snapshot)
            #expect(try restored.snapshot() == snapshot)
            var again = choices
            var branch = try Self.make(name, options)
            try branch.restore(snapshot)
            var choicesOfBranch = choices
            #expect(try play(&restored, 200, &again) == play(&branch, 200, &choicesOfBranch))
        }
        var restored = try Self.make(name, options)
        try restored.restore(snapshot)
        var again = choices
        #expect(try play(&restored, 200, &again) == play(&original, 200, &choices))
        #expect(try restored.snapshot() == original.snapshot())
    }

    @Test("Damaged snapshots are refused and change nothing", arguments: names)
    func damaged(name: String) throws {
        var environment = try Self.make(name)
        try environment.reset(seed: 4)
        _ = try environment.step(1)
        let good = try #require(try environment.snapshot())
        let bytes = try good.uint8("plugin", count: 12)
        let damages: [(String, (inout StateSnapshot) -> Void)] = [
            ("cannot restore", { $0.kind = "CartPole-v1" }),
            ("cannot restore", { $0.version = 2 }),
            ("which does not come from a plug-in", { $0.values["plugin"] = nil }),
            ("which does not come from a plug-in", { $0.values["plugin"] = .uint8([]) }),
            ("which does not come from a plug-in", { $0.values["plugin"] = .int64([1]) }),
            ("(a state must have 12 bytes)", { $0.values["plugin"] = .uint8(bytes + [0]) }),
            ("(position 5 is off a grid of 5 cells)", { $0.values["plugin"] = .uint8(bytes.dropLast() + [5]) }),
            ("found phase 3", { $0.values["phase"] = .uint8([3]) }),
            ("at step 41", { $0.values["elapsed_steps"] = .int64([41]) }),
        ]
        for (words, damage) in damages {
            var snapshot = good
            damage(&snapshot)
            #expect("\(words)") {
                try environment.restore(snapshot)
            } throws: {
                ($0 as? ModelError)?.code == .invalidSnapshot && "\($0)".contains(words)
            }
            #expect(try environment.snapshot() == good)
        }
    }

    @Test("Options reach the plug-in as text; it refuses invalid ones with its reason")
    func options() throws {
        for options in ["?size=7", "?size=%37", "?slip=0.5,size=7"] {
            let specification = try Self.make("GridWorld-v0", options).specification
            #expect(specification.maximumEpisodeSteps == 56 && specification.id.hasSuffix("GridWorld-v0\(options)"))
        }
        for (options, words) in [
            ("?size=2", "with size=2 (size must be a whole number from 3 to 12, not 2)"),
            ("?slip=1.5,size=3", "with size=3, slip=1.5 (slip must be a probability from 0 to 1, not 1.5)"),
            ("?color=red", "(unknown option color; the options are size and slip)"),
            ("?size=7%2C", "(size must be a whole number from 3 to 12, not 7,)"),
            ("?size", "Invalid environment option 'size';"), ("?=7", "Invalid environment option '=7';"),
            ("?size=%zz", "Invalid environment option 'size=%zz';"),
            ("?size=7,size=8", "Invalid environment option 'size=8';"),
            ("?size=7%00", "Invalid environment option 'size=7%00';"),
        ] {
            #expect { try Self.make("GridWorld-v0", options) } throws: {
                ($0 as? EnvironmentError)?.code == .invalidOptions && "\($0)".contains(words)
            }
        }
    }

    @Test("Shows the plug-in's text over the status line")
    func picture() throws {
        var environment = try Self.make("GridWorld-v0")
        try environment.reset(seed: 1)
        _ = try environment.step(1)
        let lines = environment.renderANSI(columns: 80, rows: 24).split(separator: "\n")
        #expect(lines.count == 6)
        let picture = lines.dropLast().joined()
        #expect(picture.count == 50 && picture.count { $0 == "A" } == 1 && picture.count { $0 == "." } >= 23)
        #expect(lines.last?.hasPrefix("step 1/40   GridWorld-v0") == true)
    }

    @Test("Finds a library by its path or by a link to its file")
    func paths() throws {
        let library = try CompiledPlugin.gridWorld()
        let link = library.deletingLastPathComponent().appendingPathComponent("link:\(UUID().uuidString).so")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: library)
        defer { try? FileManager.default.removeItem(at: link) }
        #expect(
            try EnvironmentRegistry.make("plugin:\(link.path):GridWorld-v0", trust: .any).specification.actionCount == 4
        )
        #expect(EnvironmentRegistry.recognizes(try EnvironmentID("plugin:/nowhere.so")))
        #expect(!EnvironmentRegistry.recognizes(try EnvironmentID("Nowhere-v0")))
        #expect { try EnvironmentRegistry.register("plugin:mine") { throw CancellationError() } } throws: {
            ($0 as? EnvironmentError)?.code == .alreadyRegistered
        }
    }

    @Test("Environments step on several threads at once as they do alone")
    func threads() throws {
        @Sendable func returns(_ seed: Int) throws -> [StepOutcome] {
            var environment = try Self.make("GridWorld-v0", "?slip=0.5")
            try environment.reset(seed: UInt64(seed))
            var choices = RandomGenerator(seed: UInt64(seed), stream: "test")
            return try play(&environment, 500, &choices).map(\.outcome)
        }
        let alone = try (0..<8).map(returns)
        let together = Results()
        DispatchQueue.concurrentPerform(iterations: 8) { index in together.set(index, try? returns(index)) }
        #expect((0..<8).allSatisfy { together[$0] == alone[$0] })
    }

    private struct Seen: Equatable {
        var outcome: StepOutcome
        var observation: Observation
    }

    private func play(
        _ environment: inout any Environment, _ steps: Int, _ choices: inout RandomGenerator
    ) throws -> [Seen] {
        let specification = environment.specification
        var observation = Observation(zerosOf: specification.observationSpace)
        var seen: [Seen] = []
        for _ in 0..<steps {
            let outcome = try environment.step(choices.integer(below: specification.actionCount))
            environment.observe(into: &observation)
            seen.append(Seen(outcome: outcome, observation: observation))
            if outcome.ended { try environment.reset(seed: nil) }
        }
        return seen
    }
}

/// Results by index, behind a lock.
private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int: [StepOutcome]] = [:]

    subscript(index: Int) -> [StepOutcome]? { lock.withLock { values[index] } }
    func set(_ index: Int, _ value: [StepOutcome]?) { lock.withLock { values[index] = value } }
}
