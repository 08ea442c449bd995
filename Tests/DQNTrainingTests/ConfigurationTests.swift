import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

@Suite struct ConfigurationTests {
    @Test func everyKeySurvivesJSON() throws {
        var configuration = TrainingConfiguration()
        configuration.learningRateFinal = 1e-5
        configuration.targetReturn = 475
        configuration.doubleDQN = true
        configuration.optimizer = .rmsprop()
        configuration.optimizer.beta1 = 0.5
        let data = try configuration.json.canonicalData()
        let restored = try TrainingConfiguration(json: JSONDecoder().decode(JSONValue.self, from: data))
        #expect(restored == configuration)
    }

    @Test func everyStoredPropertyHasAKey() {
        // The optimiser's kind, four constants and `centred` are six keys of one property.
        let properties = Mirror(reflecting: TrainingConfiguration()).children.count
        #expect(ConfigurationKey.all.count == properties + 5)
        #expect(Set(ConfigurationKey.all.map(\.name)).count == ConfigurationKey.all.count)
    }

    @Test func namesAMissingKey() throws {
        guard case .object(var members) = TrainingConfiguration().json else { return }
        members["discount"] = nil
        #expect { try TrainingConfiguration(json: .object(members)) } throws: { "\($0)".contains("'discount'") }
    }

    @Test(arguments: [
        ("learning_rat=1", "did you mean 'learning_rate'?"), ("batch_size=0", "integer 1"),
        ("batch_size=1.5", "integer"),
        ("discount=-1", "number 0.0…1.0"), ("discount=nan", "number"), ("double=maybe", "true or false"),
        ("loss=hubert", "huber or squared"), ("batch_size", "key=value"), ("epsilon_final=1e400", "number"),
        ("seed=-1", "integer 0"), ("network=", "text"),
    ])
    func anInvalidAssignmentNamesKeyAndRemedy(assignment: String, text: String) {
        var configuration = TrainingConfiguration()
        #expect { try configuration.set(assignment) } throws: {
            guard let error = $0 as? TrainingError else { return false }
            return error.code == .invalidConfiguration && error.message.contains(text)
        }
        #expect(configuration == TrainingConfiguration())
    }

    @Test func assignmentsAcceptJSONOrPlainText() throws {
        var configuration = TrainingConfiguration()
        try configuration.set("network=mlp:8,8")
        try configuration.set("replay_capacity=1e6")
        try configuration.set("target_return=null")
        try configuration.set("double=true")
        #expect(configuration.network == "mlp:8,8")
        #expect(configuration.replayCapacity == 1_000_000)
        #expect(configuration.doubleDQN)
    }

    @Test func flagsOverrideAssignmentsOverrideFileOverridesPreset() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(#"{"environment":"CartPole-v1","learning_rate":0.5,"batch_size":7,"seed":1}"#.utf8).write(to: file)
        var request = ConfigurationRequest()
        request.preset = "zoo"
        request.file = file
        request.assignments = ["batch_size=8", "seed=2"]
        request.flags = ["seed": .integer(3)]
        let configuration = try request.resolve()
        #expect(configuration.targetInterval == 10)
        #expect(configuration.learningRate == 0.5)
        #expect(configuration.batchSize == 8)
        #expect(configuration.seed == 3)
    }

    @Test func presetsHaveThePublishedSettings() throws {
        let cartPole = try EnvironmentRegistry.make("CartPole-v1").specification
        let zoo = try Preset.zoo.configuration(for: cartPole)
        #expect(zoo.scheduleSteps == 50_000 && zoo.learningRate == 2.3e-3 && zoo.batchSize == 64)
        #expect(zoo.trainInterval == 256 && zoo.gradientSteps == 128 && zoo.epsilonFraction == 0.16)
        let lander = EnvironmentSpecification(
            id: "gym:LunarLander-v3", observationSpace: cartPole.observationSpace,
            actionMeanings: ["nothing", "engine"])
        let landing = try Preset.zoo.configuration(for: lander)
        #expect(landing.scheduleSteps == 100_000 && landing.learningRate == 6.3e-4 && landing.targetInterval == 250)
        #expect(zoo.network == "mlp:256,256" && zoo.loss == .huber && zoo.maximumGradientNorm == 10 && !zoo.doubleDQN)
        let cleanrl = try Preset.cleanrl.configuration(for: cartPole)
        #expect(cleanrl.scheduleSteps == 500_000 && cleanrl.network == "mlp:120,84" && cleanrl.loss == .squared)
        #expect(try Preset.named("zoo") == .zoo)
        #expect { try Preset.named("zooo") } throws: { "\($0)".contains("did you mean 'zoo'?") }
    }

    @Test func refusesInvalidCombinations() throws {
        for assignment in ["network=nature-cnn", "method=a4c", "preset=best"] {
            var request = ConfigurationRequest()
            request.environment = "CartPole-v1"
            request.assignments = [assignment]
            #expect(throws: TrainingError.self) { try request.resolve() }
        }
        var request = ConfigurationRequest()
        request.environment = "Catch84-v0"
        request.assignments = ["replay_capacity=5"]
        #expect { try request.resolve() } throws: { "\($0)".contains("at least 10") }
        request = ConfigurationRequest()
        request.environment = "Catch-v0"
        request.preset = "zoo"
        #expect { try request.resolve() } throws: { "\($0)".contains("no settings for 'Catch-v0'") }
        #expect { try ConfigurationRequest().resolve() } throws: { "\($0)".contains("--env") }
    }

    @Test func refusesStepsBeyondAnExhaustedLearningRate() throws {
        var configuration = TrainingConfiguration()
        configuration.scheduleSteps = 100
        configuration.learningRateFinal = 0
        try configuration.validate(steps: 100)
        #expect { try configuration.validate(steps: 101) } throws: { "\($0)".contains("--schedule-steps 101") }
        configuration.learningRateFinal = 1e-6
        try configuration.validate(steps: 101)
    }
}

@Suite struct LinearScheduleTests {
    @Test func fallsLinearlyAndThenStaysConstant() {
        let schedule = LinearSchedule(from: 1, to: 0.1, over: 90)
        #expect(schedule.value(at: 0) == 1)
        #expect(abs(schedule.value(at: 45) - 0.55) < 1e-12)
        #expect(schedule.value(at: 90) == 0.1)
        #expect(schedule.value(at: 1_000_000) == 0.1)
        #expect(LinearSchedule(from: 1, to: 0.5, over: 0).value(at: 0) == 0.5)
    }
}
