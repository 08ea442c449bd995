import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import Testing

/// The keys `initialization`, `input_offset` and `input_scale`.
@Suite struct InitializationKeyTests {
    private static let pixels = EnvironmentSpecification(
        id: "Any-v0", observationSpace: ObservationSpace(shape: [8, 8], element: .uint8), actionMeanings: ["a", "b"])

    private static func configuration(_ assignments: String...) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        try configuration.set("network=conv:4k3s1/fc16")
        for assignment in assignments { try configuration.set(assignment) }
        return configuration
    }

    @Test func theKeysReachTheNetwork() throws {
        let plain = try Self.configuration().architecture(for: Self.pixels)
        #expect(plain.inputOffset.isEmpty && plain.inputScale.isEmpty)
        let centred = try Self.configuration("input_offset=87", "input_scale=0.0078125").architecture(for: Self.pixels)
        #expect(centred.inputOffset == [87] && centred.inputScale == [0.0078125])
        #expect(centred.layers == plain.layers)
        let reset = try Self.configuration("input_offset=87", "input_offset=null").architecture(for: Self.pixels)
        #expect(reset == plain)
    }

    @Test(arguments: [
        "initialization=xavier", "initialization=1", "input_offset=none", "input_scale=0", "input_scale=-1",
        "input_offset=1e300",
    ])
    func invalidValuesAreRefused(assignment: String) throws {
        #expect { try Self.configuration(assignment) } throws: {
            ($0 as? TrainingError)?.code == .invalidConfiguration && "\($0)".contains("allowed:")
        }
    }

    @Test func aFileWithoutTheKeysMeansWhatItMeant() throws {
        let configuration = try Self.configuration("initialization=he", "input_offset=87", "input_scale=2")
        guard case .object(var members) = configuration.json else { return }
        #expect(try TrainingConfiguration(json: .object(members)) == configuration)
        // Any of them may be missing.
        members["input_offset"] = nil
        let some = try TrainingConfiguration(json: .object(members))
        #expect(some.inputOffset == nil && some.inputScale == 2 && some.initialization == .he)
        for key in ["initialization", "input_scale"] { members[key] = nil }
        let old = try TrainingConfiguration(json: .object(members))
        #expect(old == (try Self.configuration()) && old.initialization == .fanIn)
    }

    @Test(arguments: Initialization.allCases)
    func aNewRunDrawsItsParametersByTheScheme(initialization: Initialization) throws {
        let configuration = try Self.configuration("initialization=\(initialization.rawValue)", "seed=7")
        let architecture = try configuration.architecture(for: Self.pixels)
        let layout = try ParameterLayout(architecture)
        let state = ParameterState(drawnFor: configuration, architecture, layout: layout, usesTarget: true)
        let slab = ParameterSlab(layout: layout)
        var generator = RandomGenerator(seed: 7, stream: "initialisation")
        slab.initialize(initialization, of: architecture, using: &generator)
        #expect(state.online == slab.values && state.target == slab.values)
    }
}
