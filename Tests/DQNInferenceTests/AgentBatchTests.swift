import DQNInference
import DQNModel
import Testing

@Suite struct AgentBatchTests {
    private static let vector = ObservationSpace(shape: [6], element: .float32)
    private static let frames = ObservationSpace(shape: [4, 84, 84], element: .uint8)

    @Test(
        arguments: [("mlp:64,64", vector, 150), ("nips-cnn", frames, 70)],
        [
            NetworkArchitecture.Head.actionValues(actions: 5), .dueling(actions: 5), .actorCritic(actions: 5),
            .quantiles(actions: 5, quantiles: 9),
        ])
    func batchMatchesSingleObservations(
        size: (network: String, input: ObservationSpace, count: Int), head: NetworkArchitecture.Head
    ) throws {
        let random = try RandomPolicy(size.network, input: size.input, head: head, observations: size.count)
        let agent = try Agent(random.policy)
        let expected = try random.observations.map { try agent.actionValues(for: $0) }
        for count in [1, 2, 3, 5, 33, size.count] {
            let batch = Array(random.observations.prefix(count))
            let values = try agent.actionValues(for: batch)
            #expect(values.count == count)
            for (row, (values, expected)) in zip(values, expected).enumerated() {
                #expect(values.count == 5)
                for (value, expected) in zip(values, expected) {
                    #expect(abs(value - expected) <= 1e-5, "row \(row) of \(count)")
                }
            }
            #expect(try agent.actions(for: batch) == batch.map { try agent.action(for: $0) })
        }
        // Rows of an earlier, larger pass do not leak.
        #expect(try agent.actionValues(for: [random.observations[0]]) == [expected[0]])
    }

    @Test func actionValuesOfAHeadOfQuantilesAreTheirMeans() throws {
        let head = NetworkArchitecture.Head.quantiles(actions: 5, quantiles: 9)
        let random = try RandomPolicy("mlp:24", input: Self.vector, head: head, observations: 3)
        let agent = try Agent(random.policy)
        let batch = try agent.actionValues(for: random.observations)
        // The same network with each quantile as an action.
        let plain = try NetworkArchitecture("mlp:24", input: Self.vector, actions: 45)
        let quantiles = try Agent(
            Policy(architecture: plain, parameters: random.policy.parameters, environment: "Random-v0"))
        for (row, observation) in random.observations.enumerated() {
            let all = try quantiles.actionValues(for: observation)
            let single = try agent.actionValues(for: observation)
            #expect(single.count == 5 && batch[row].count == 5)
            for action in 0..<5 {
                let mean = all[action * 9..<(action + 1) * 9].reduce(0, +) / 9
                #expect(abs(single[action] - mean) < 1e-5 && abs(batch[row][action] - mean) < 1e-5)
            }
        }
    }

    @Test func rowsAreIndependent() throws {
        let random = try RandomPolicy("mlp:64,64", input: Self.vector, observations: 64)
        let agent = try Agent(random.policy)
        let values = try agent.actionValues(for: random.observations)
        var others = [Observation](repeating: Observation([.nan, .infinity, -1e38, 1e38, 0, 7]), count: 64)
        for row in [0, 17, 63] { others[row] = random.observations[row] }
        let again = try agent.actionValues(for: others)
        for row in [0, 17, 63] { #expect(again[row] == values[row]) }
        // Unused rows of an earlier, larger batch do not matter either.
        let three = Array(random.observations.prefix(3))
        _ = try agent.actions(for: Array(others[1...4]))
        let afterOthers = try agent.actionValues(for: three)
        #expect(try Agent(random.policy).actionValues(for: three) == afterOthers)
    }

    @Test func emptyBatchReturnsEmptyArrays() throws {
        let agent = try Agent(RandomPolicy("mlp:8", input: Self.vector, observations: 0).policy)
        #expect(try agent.actions(for: []).isEmpty)
        #expect(try agent.actionValues(for: []).isEmpty)
    }

    @Test func refusesABatchWithAnInvalidObservation() throws {
        let random = try RandomPolicy("mlp:8", input: Self.vector, observations: 3)
        let agent = try Agent(random.policy)
        let batch = random.observations + [Observation([1, 2])]
        #expect { try agent.actions(for: batch) } throws: { "\($0)".contains("shape [6]") }
        #expect { try agent.actionValues(for: batch) } throws: { ($0 as? ModelError)?.code == .shapeMismatch }
    }
}
