import DQNCheckpoint
import DQNLearning
import DQNModel
import DQNNetwork
import DQNTraining
import Testing

/// States that the format permits but a run seldom leaves.
@Suite struct ForgedStateTests {
    private func start(_ method: String, _ assignments: [String], steps: Int) throws -> Checkpoint {
        var request = ConfigurationRequest()
        request.environment = "CartPole-v1"
        request.method = method
        request.steps = 200
        request.assignments = ["network=mlp:8", "evaluation_interval=0", "target_interval=7"] + assignments
        let trainer = try Trainer(request.resolve())
        while trainer.counters.agentSteps < steps { try trainer.advance(to: steps) }
        return try trainer.checkpoint()
    }

    /// The parameters of a run that continues.
    private func parameters(_ checkpoint: Checkpoint, at steps: Int) throws -> [Float] {
        let trainer = try Trainer(resuming: checkpoint)
        while trainer.counters.agentSteps < steps { try trainer.advance(to: steps) }
        return try trainer.checkpoint().online
    }

    @Test("A mask of zeros restricts nothing", arguments: ["dqn", "async-q", "async-sarsa", "async-nstep-q", "a3c"])
    func zeroMasks(method: String) throws {
        let settings =
            method == "dqn"
            ? ["learning_starts=10", "batch_size=4", "replay_capacity=100", "train_interval=2"] : ["segment_length=5"]
        var checkpoint = try start(method, settings + ["action_masks=true"], steps: 53)
        #expect(checkpoint.workers[0].actionMask == nil)
        let expected = try parameters(checkpoint, at: 100)
        checkpoint.workers[0].actionMask = [0, 0]
        #expect(try parameters(checkpoint, at: 100) == expected)
        guard method != "dqn" else { return }
        guard case .int64(let actions)? = checkpoint.workers[0].learner?.values["segment.actions"] else {
            Issue.record("there is no open segment")
            return
        }
        checkpoint.workers[0].learner?.values["segment.masks"] = .uint8([UInt8](repeating: 0, count: 2 * actions.count))
        #expect(try parameters(checkpoint, at: 100) == expected)
        checkpoint.workers[0].learner?.values["segment.masks"] = .uint8([UInt8](repeating: 2, count: 2 * actions.count))
        #expect { try Trainer(resuming: checkpoint) } throws: { "\($0)".contains("the byte 2 in an action mask") }
    }

    @Test("A truncated step without a next action is bootstrapped from the best one")
    func truncatedWithoutAction() throws {
        let settings = ["environments_per_worker=3", "segment_length=6", "wrappers=time-limit:4"]
        // Each environment's episode ends at the fourth round, with the rows 9 to 11 of 18.
        let checkpoint = try start("async-sarsa", settings, steps: 15)
        let values = try #require(checkpoint.workers[0].learner?.values)
        guard case .int64(let actions)? = values["segment.next_actions"],
            case .uint8(let finals)? = values["segment.finals"],
            case .uint8(let ends)? = values["segment.ends"]
        else {
            Issue.record("there is no open segment")
            return
        }
        #expect(ends[9] == 2 && actions[9] >= 0)
        func result(_ action: Int64) throws -> [Float] {
            var (forged, changed) = (checkpoint, actions)
            changed[9] = action
            forged.workers[0].learner?.values["segment.next_actions"] = .int64(changed)
            return try parameters(forged, at: 18)
        }
        let computation = try OneDNNBackend().makeComputation(
            of: checkpoint.architecture, batchSize: 1, training: false)
        try computation.use(
            ParameterSlab(layout: ParameterLayout(checkpoint.architecture), values: #require(checkpoint.target)))
        finals.withUnsafeBytes { computation.load(UnsafeRawBufferPointer(rebasing: $0[..<16]), row: 0, offset: 0) }
        let best = try computation.forward().indexOfMaximum
        let without = try result(-1)
        #expect(try without == result(Int64(best)))
        #expect(try without != result(Int64(1 - best)))
    }
}
