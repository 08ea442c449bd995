import DQNLearning
import DQNTraining
import Foundation
import Testing

/// What the fixtures of `Fixtures/methods` share: how they are read, and how parameters are compared with PyTorch's.
enum RecordedMethods {
    /// Reads a fixture, whose keys are in snake case.
    static func fixture<Fixture: Decodable>(_ name: String) -> Fixture {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let data = try Data(contentsOf: root.appendingPathComponent("Fixtures/methods/\(name)"))
            return try decoder.decode(Fixture.self, from: data)
        } catch { fatalError("Fixtures/methods/\(name) cannot be read: \(error)") }
    }

    /// Compares values with recorded ones, to a fraction of the largest of these. Reports the first that differs.
    static func expectClose(
        _ values: [Float], _ expected: [Float], _ name: String, tolerance: Float,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(values.count == expected.count, sourceLocation: sourceLocation)
        let size = expected.reduce(0) { max($0, abs($1)) }
        for (index, pair) in zip(values, expected).enumerated() where !(abs(pair.0 - pair.1) <= tolerance * size) {
            Issue.record("\(name)[\(index)] is \(pair.0), PyTorch has \(pair.1)", sourceLocation: sourceLocation)
            return
        }
    }
}

extension ScriptedFixture {
    /// The settings of a recorded run of any method in the script's environment, as a user would write them.
    func request(method: String, settings: [String], learningRate: Double) -> ConfigurationRequest {
        let replay = OptimizerFixture.shared
        var request = ConfigurationRequest()
        request.environment = ScriptedEnvironment.id
        request.method = method
        request.assignments =
            settings + [
                "network=mlp:\(units)", "schedule_steps=\(scheduleSteps)", "learning_rate=\(learningRate)",
                "learning_rate_final=0", "learning_starts=0", "discount=\(discount)",
                "segment_length=\(segmentLength)", "target_interval=\(targetInterval)", "epsilon_start=0",
                "epsilon_assignment=fixed", "epsilon_final=0", "loss=squared", "max_gradient_norm=\(maxGradientNorm)",
                "evaluation_interval=0", "replay_capacity=100", "batch_size=\(replay.batchSize)",
                "train_interval=\(replay.trainInterval)", "gradient_steps=1",
            ]
        return request
    }
}
