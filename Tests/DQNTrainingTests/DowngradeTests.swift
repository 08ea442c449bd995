import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Testing

/// What a conversion to format 2.0 leaves of a configuration: releases of 2.0 refuse unknown keys.
@Suite struct DowngradeTests {
    private func checkpoint(_ change: (inout TrainingConfiguration) -> Void = { _ in }) throws -> Checkpoint {
        var configuration = TrainingConfiguration()
        configuration.network = "mlp:4"
        change(&configuration)
        return try Trainer(configuration).checkpoint()
    }

    @Test("The migration lists every key that was added since 2.0, with the value that its absence means")
    func keys() {
        #expect(Set(Migration2_0To2_1.addedKeys.keys) == ConfigurationKey.addedSince2_0)
        for (key, value) in Migration2_0To2_1.addedKeys {
            #expect(TrainingConfiguration().json[key] == value, "\(key)")
        }
    }

    @Test("Keys with the value that their absence means are no loss")
    func oldValues() throws {
        var checkpoint = try checkpoint()
        guard case .object(var members) = checkpoint.configuration else { return }
        // As a decoder reads -1.0.
        members["munchausen_clip"] = .integer(-1)
        checkpoint.configuration = .object(members)
        let (converted, dropped) = try checkpoint.converted(to: "2.0")
        #expect(dropped == [])
        for key in ConfigurationKey.addedSince2_0 {
            #expect(members[key] != nil && converted.configuration[key] == nil, "\(key)")
        }
        #expect(
            try TrainingConfiguration(json: converted.configuration) == TrainingConfiguration(json: .object(members)))
    }

    @Test("Other values are a loss with a name")
    func newValues() throws {
        let checkpoint = try checkpoint {
            $0.munchausen = true
            $0.initialization = .orthogonal
        }
        let losses = ["initialization", "munchausen"].map {
            "/configuration: the key '\($0)', which the releases of format 2.0 do not know"
        }
        for version in ["2.0", "1.1"] {
            let error = #expect(throws: CheckpointError.self) { try checkpoint.converted(to: version) }
            #expect(error?.code == .lossy && error?.details == losses)
        }
        let (converted, dropped) = try checkpoint.converted(to: "2.0", allowLossy: true)
        #expect(dropped == losses)
        #expect(converted.configuration["munchausen"] == nil && converted.configuration["discount"] != nil)
    }
}
