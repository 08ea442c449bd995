import DQNInference
import DQNModel
import Foundation
import Testing

/// Runs `body` on `count` threads at once and waits for all of them.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let done = DispatchGroup()
    for index in 0..<count {
        done.enter()
        Thread {
            body(index)
            done.leave()
        }.start()
    }
    done.wait()
}

@Suite struct AgentThreadTests {
    private static let vector = ObservationSpace(shape: [6], element: .float32)
    private static let frames = ObservationSpace(shape: [4, 84, 84], element: .uint8)

    /// There are more, as many and fewer threads than computations.
    @Test(arguments: [("mlp:64,64", vector, 400), ("nips-cnn", frames, 12)], [1, 2, 4, 16])
    func manyThreadsMatchOneThread(
        size: (network: String, input: ObservationSpace, rounds: Int), concurrency: Int
    ) throws {
        let random = try RandomPolicy(size.network, input: size.input, observations: 24)
        let agent = try Agent(random.policy, concurrency: concurrency)
        let one = try Agent(random.policy, concurrency: 1)
        let values = try random.observations.map { try one.actionValues(for: $0) }
        let actions = try random.observations.map { try one.action(for: $0) }
        let batchValues = try one.actionValues(for: Array(random.observations.prefix(7)))
        onThreads(8) { thread in
            for round in 0..<size.rounds {
                let index = (thread * 5 + round) % random.observations.count
                switch round % 4 {
                case 3:
                    let batch = Array(random.observations.prefix(7))
                    #expect((try? agent.actionValues(for: batch)) == batchValues)
                case 2:
                    #expect((try? agent.action(for: random.observations[index])) == actions[index])
                default:
                    #expect((try? agent.actionValues(for: random.observations[index])) == values[index])
                }
            }
        }
    }

    /// A rejected observation must leave the queue.
    @Test func errorsLeaveTheAgentUsable() throws {
        let random = try RandomPolicy("mlp:8", input: Self.vector, observations: 1)
        let agent = try Agent(random.policy, concurrency: 1)
        let expected = try agent.actionValues(for: random.observations[0])
        onThreads(4) { _ in
            for _ in 0..<100 {
                #expect(throws: ModelError.self) { try agent.action(for: Observation([1])) }
                #expect((try? agent.actionValues(for: random.observations[0])) == expected)
            }
        }
    }
}
