import DQNCheckpoint
import DQNInference
import DQNModel
import DQNNetwork
import Foundation
import Testing

@Suite struct AgentTests {
    /// A network whose Q-values can be computed by hand: Q = relu(x) · [[1, 0], [0, 2]] + [0, 0.5].
    private func checkpoint(_ configuration: JSONValue? = nil) throws -> Checkpoint {
        let architecture = try NetworkArchitecture(
            "mlp:2", input: ObservationSpace(shape: [2], element: .float32), actions: 2)
        let online: [Float] = [1, 0, 0, 1, 0, 0, 1, 0, 0, 2, 0, 0.5]
        return Checkpoint(
            writer: .current,
            configuration: configuration ?? .object(["environment": .string("Two-v0"), "frame_stack": .integer(1)]),
            architecture: architecture, online: online, counters: Counters())
    }

    private func withFile(_ checkpoint: Checkpoint, _ body: (URL) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("agent-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        try checkpoint.write(to: url)
        try body(url)
    }

    @Test func computesActionValuesAndActsGreedily() throws {
        try withFile(checkpoint()) { url in
            let agent = try Agent(contentsOf: url)
            #expect(agent.environment == "Two-v0")
            #expect(agent.frameStack == 1)
            #expect(try agent.actionValues(for: Observation([3, 1])) == [3, 2.5])
            #expect(try agent.action(for: Observation([3, 1])) == 0)
            #expect(try agent.action(for: Observation([1, 3])) == 1)
            // The lowest index wins among equal values.
            #expect(try agent.action(for: Observation([0.5, -1])) == 0)
        }
    }

    @Test func masksRestrictTheAction() throws {
        try withFile(checkpoint()) { url in
            let agent = try Agent(contentsOf: url)
            #expect(!agent.usesActionMasks)
            #expect(try agent.action(for: Observation([3, 1]), allowing: nil) == 0)
            #expect(try agent.action(for: Observation([3, 1]), allowing: [true, true]) == 0)
            #expect(try agent.action(for: Observation([3, 1]), allowing: [false, true]) == 1)
            #expect { try agent.action(for: Observation([3, 1]), allowing: [false, false]) } throws: {
                "\($0)".contains("must have 2 entries, one per action, and allow at least one; found 2, of which 0")
            }
            #expect(throws: ModelError.self) { try agent.action(for: Observation([3, 1]), allowing: [true]) }
        }
    }

    @Test func actorCriticActsOnLogitsOnly() throws {
        // The logits are x; the value 10 is larger than both but is not an action.
        let policy = Policy(
            architecture: try NetworkArchitecture(
                input: ObservationSpace(shape: [2], element: .float32), layers: [], head: .actorCritic(actions: 2)),
            parameters: [1, 0, 0, 1, 0, 0, 0, 0, 10], environment: "Two-v0")
        let agent = try Agent(policy)
        #expect(try agent.actionValues(for: Observation([3, -1])) == [3, -1])
        #expect(try agent.action(for: Observation([3, -1])) == 0)
        #expect(try agent.action(for: Observation([1, 2])) == 1)
        #expect(try agent.action(for: Observation([2, 2])) == 0)
    }

    @Test func halfPrecisionRefusesLargeParameters() throws {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [2], element: .float32), layers: [], head: .actionValues(actions: 2))
        func policy(_ weight: Float) -> Policy {
            Policy(architecture: architecture, parameters: [1, 0, 0, weight, 0, 0], environment: "Two-v0")
        }
        #expect(throws: Never.self) { try Agent(policy(-65_504), precision: .half) }
        #expect(throws: Never.self) { try Agent(policy(65_505)) }
        let error = #expect(throws: ModelError.self) { try Agent(policy(65_505), precision: .half) }
        #expect(error?.code == .notRepresentable)
        #expect(error?.message.hasPrefix("head/weight holds 65505.0") == true)
    }

    @Test func duelingNetworkComputesQValues() throws {
        // V = x₀ + 1, A = (x₁, −x₁, 3): Q = V + A − 1.
        let policy = Policy(
            architecture: try NetworkArchitecture(
                input: ObservationSpace(shape: [2], element: .float32), layers: [], head: .dueling(actions: 3)),
            parameters: [1, 0, 1, 0, 1, 0, -1, 0, 0, 0, 0, 3], environment: "Three-v0")
        let agent = try Agent(policy)
        #expect(try agent.actionValues(for: Observation([2, 5])) == [7, -3, 5])
        #expect(try agent.action(for: Observation([2, 5])) == 0)
        #expect(try agent.action(for: Observation([2, 1])) == 2)
    }

    @Test func refusesObservationsOfAnotherShape() throws {
        try withFile(checkpoint()) { url in
            let agent = try Agent(contentsOf: url)
            #expect { try agent.action(for: Observation([1, 2, 3])) } throws: { "\($0)".contains("shape [2]") }
            let bytes = Observation(zerosOf: ObservationSpace(shape: [2], element: .uint8))
            #expect(throws: ModelError.self) { try agent.actionValues(for: bytes) }
        }
    }

    @Test func refusesAConfigurationWithoutEnvironment() throws {
        try withFile(checkpoint(.object([:]))) { url in
            #expect { try Agent(contentsOf: url) } throws: { ($0 as? CheckpointError)?.code == .malformed }
        }
    }

    /// No file can have such a stack: it is refused when it is written.
    @Test func noFileHasAStackOfNoFrames() throws {
        let configuration = JSONValue.object(["environment": .string("x"), "frame_stack": .integer(0)])
        #expect {
            try withFile(checkpoint(configuration)) { _ in }
        } throws: {
            ($0 as? CheckpointError)?.code == .invalidState
        }
    }

    @Test func refusesAWrongNumberOfParameters() throws {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [2], element: .float32), layers: [], head: .actionValues(actions: 2))
        let policy = Policy(architecture: architecture, parameters: [1, 2, 3], environment: "Two-v0")
        let error = #expect(throws: ModelError.self) { try Agent(policy) }
        #expect(error?.code == .shapeMismatch)
        #expect(error?.message == "The network has 6 parameters, but the policy has 3.")
    }

    @Test func loadingAFileThrowsACheckpointError() throws {
        var large = try checkpoint()
        large.online[0] = 65_505
        try withFile(large) { url in
            let error = #expect(throws: CheckpointError.self) { try Agent(contentsOf: url, precision: .half) }
            #expect(error?.code == .invalidState)
            #expect((error?.underlying as? ModelError)?.code == .notRepresentable)
        }
    }

    @Test func threadsGetTheSameAnswers() throws {
        try withFile(checkpoint()) { url in
            let agent = try Agent(contentsOf: url)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for step in 0..<500 {
                    let x = Float(thread * 500 + step)
                    let values = try? agent.actionValues(for: Observation([x, 1]))
                    #expect(values == [x, 2.5])
                }
            }
        }
    }
}
