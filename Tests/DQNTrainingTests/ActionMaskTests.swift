import DQNCheckpoint
import DQNEnvironments
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Foundation
import Testing

/// Action masks in acting, targets, evaluation and checkpoints.
@Suite struct ActionMaskTests {
    init() { MaskedEnvironment.registration }

    private func request(_ method: String, _ assignments: [String]) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.environment = MaskedEnvironment.id
        request.method = method
        request.steps = 3000
        request.assignments =
            [
                "network=mlp:16", "learning_rate=0.01", "optimizer=adam", "target_interval=50", "discount=1",
                "evaluation_interval=1500", "evaluation_episodes=2", "log_interval=500",
            ] + assignments
        return request
    }

    private static let replay = ["learning_starts=50", "batch_size=16", "replay_capacity=500", "train_interval=2"]

    @Test(
        "Values are those of the allowed actions, although others were never tried",
        arguments: [
            ("dqn", replay), ("dqn", replay + ["double=true"]), ("dqn", replay + ["n_step=2", "prioritized=true"]),
            ("async-dqn", replay), ("async-q", []), ("async-q", ["double=true"]),
            ("async-nstep-q", ["segment_length=1"]),
            ("async-sarsa", []), ("a3c", []),
        ])
    func targets(method: String, assignments: [String]) throws {
        let configuration = try request(method, assignments).resolve()
        #expect(configuration.json["action_masks"] == .bool(true))
        let trainer = try Trainer(configuration)
        while trainer.counters.agentSteps < 3000 { try trainer.advance(to: 3000) }
        // Every evaluation takes the allowed actions only; any other one throws.
        #expect(trainer.bestEvaluation?.meanReturn == -2)
        guard method != "a3c" else {
            // A policy with a single choice has no entropy.
            let entropies = trainer.history.columns["train/entropy"] ?? []
            #expect(!entropies.isEmpty && entropies.allSatisfy { $0.isNaN || abs($0) < 1e-9 }, "\(entropies)")
            return
        }
        let values = try [[1, 0], [0, 1]].map { try actionValues(trainer.checkpoint(), Observation($0)) }
        #expect(abs(values[0][0] + 2) < 0.2 && abs(values[1][1] + 1) < 0.2, "\(values)")
    }

    private func actionValues(_ checkpoint: Checkpoint, _ observation: Observation) throws -> [Float] {
        let computation = try OneDNNBackend().makeComputation(
            of: checkpoint.architecture, batchSize: 1, training: false)
        try computation.use(ParameterSlab(layout: ParameterLayout(checkpoint.architecture), values: checkpoint.online))
        observation.withBytes { computation.load($0, row: 0, offset: 0) }
        return try Array(computation.forward())
    }

    @Test("A run interrupted anywhere continues like an uninterrupted one", arguments: ["dqn", "async-nstep-q", "a3c"])
    func exactResume(method: String) throws {
        let assignments = method == "dqn" ? Self.replay : []
        let configuration = try request(method, assignments).resolve()
        func train(_ cuts: [Int]) throws -> Checkpoint {
            var trainer = try Trainer(configuration)
            for cut in cuts + [400] {
                while trainer.counters.agentSteps < cut { try trainer.advance(to: cut) }
                if cut < 400 { trainer = try Trainer(resuming: trainer.checkpoint()) }
            }
            return try trainer.checkpoint()
        }
        let (whole, cut) = (try train([]), try train([1, 2, 3, 118, 251]))
        #expect(whole.online == cut.online)
        #expect(whole.workers[0].actionMask == cut.workers[0].actionMask)
        #expect(whole.workers[0].actionMask == [1, 0, 0])
        #expect(try whole.fileData() == cut.fileData())
    }

    @Test("A run that ignores masks tries actions that are not allowed")
    func ignored() throws {
        let trainer = try Trainer(request("dqn", Self.replay + ["action_masks=false"]).resolve())
        #expect(throws: TrainingError.self) { try trainer.advance(to: 100) }
    }
}

extension Checkpoint {
    /// The bytes of a file with this checkpoint.
    fileprivate func fileData() throws -> Data {
        let url = FileManager.default.temporaryDirectory.appending(path: "dqn-masks-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        try write(to: url)
        return try Data(contentsOf: url)
    }
}
