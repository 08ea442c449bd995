import DQNModel
import Foundation
import Testing

@Suite struct HeadTests {
    static let vector = ObservationSpace(shape: [4], element: .float32)
    static let pixels = ObservationSpace(shape: [2, 8, 8], element: .uint8)

    @Test func headsCountActionsAndOutputs() throws {
        for (head, outputs) in [
            (NetworkArchitecture.Head.actionValues(actions: 3), 3), (.dueling(actions: 3), 3),
            (.actorCritic(actions: 3), 4),
        ] {
            let network = try NetworkArchitecture("mlp:8,6", input: Self.vector, head: head)
            #expect(network.actionCount == 3)
            #expect(network.outputCount == outputs)
            #expect(try network.layerShapes() == [[8], [6], [outputs]])
        }
        let short = try NetworkArchitecture("mlp:8", input: Self.vector, actions: 3)
        #expect(short.head == .actionValues(actions: 3))
    }

    @Test func duelingHeadSplitsTheLastDenseLayer() throws {
        let network = try NetworkArchitecture("conv:5k3s1/fc20,10", input: Self.pixels, head: .dueling(actions: 3))
        let layout = try ParameterLayout(network)
        #expect(
            layout.entries.map(\.name) == [
                "layers/0/weight", "layers/0/bias", "layers/1/weight", "layers/1/bias",
                "value/hidden/weight", "value/hidden/bias", "value/output/weight", "value/output/bias",
                "advantage/hidden/weight", "advantage/hidden/bias", "advantage/output/weight", "advantage/output/bias",
            ])
        #expect(
            layout.entries.map(\.shape) == [
                [5, 2, 3, 3], [5], [20, 180], [20], [10, 20], [10], [1, 10], [1], [10, 20], [10], [3, 10], [3],
            ])
        #expect(layout.entries.map(\.fanIn) == [18, 18, 180, 180, 20, 20, 10, 10, 20, 20, 10, 10])
        expectNoGaps(layout)
    }

    @Test func streamsReadTheFeaturesWithoutADenseLayer() throws {
        let layout = try ParameterLayout(
            try NetworkArchitecture("conv:5k3s2", input: Self.pixels, head: .dueling(actions: 3)))
        #expect(
            layout.entries.dropFirst(2).map(\.name) == [
                "value/output/weight", "value/output/bias", "advantage/output/weight", "advantage/output/bias",
            ])
        #expect(layout.entries.dropFirst(2).map(\.shape) == [[1, 45], [1], [3, 45], [3]])
        expectNoGaps(layout)
        // They read the observation if the network has only one layer.
        let shallow = try ParameterLayout(
            try NetworkArchitecture("mlp:7", input: Self.vector, head: .dueling(actions: 2)))
        #expect(shallow.entries.map(\.shape) == [[7, 4], [7], [1, 7], [1], [7, 4], [7], [2, 7], [2]])
    }

    @Test func actorCriticHeadHasAValueRow() throws {
        let layout = try ParameterLayout(
            try NetworkArchitecture("mlp:8", input: Self.vector, head: .actorCritic(actions: 3)))
        #expect(layout.entries.map(\.name) == ["layers/0/weight", "layers/0/bias", "head/weight", "head/bias"])
        #expect(layout.entries.map(\.shape) == [[8, 4], [8], [4, 8], [4]])
        expectNoGaps(layout)
    }

    @Test(arguments: [
        (NetworkArchitecture.Head.actionValues(actions: 4), #"{"actions":4,"type":"action_values"}"#),
        (.dueling(actions: 4), #"{"actions":4,"type":"dueling"}"#),
        (.actorCritic(actions: 4), #"{"actions":4,"type":"actor_critic"}"#),
    ])
    func roundTripsThroughJSON(head: NetworkArchitecture.Head, text: String) throws {
        let data = try JSONValue.canonicalEncoder.encode(head)
        #expect(String(decoding: data, as: UTF8.self) == text)
        #expect(try JSONDecoder().decode(NetworkArchitecture.Head.self, from: data) == head)
    }

    @Test func refusesInvalidArchitectures() throws {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(NetworkArchitecture.Head.self, from: Data(#"{"actions":4,"type":"noisy"}"#.utf8))
        }
        for head in [NetworkArchitecture.Head.dueling(actions: 0), .actorCritic(actions: .max)] {
            #expect(throws: ModelError.self) { try NetworkArchitecture("mlp:8", input: Self.vector, head: head) }
        }
        // One layer of 40000² weights is below the limit; a dueling head has two and exceeds it.
        let wide = ObservationSpace(shape: [40_000], element: .float32)
        _ = try NetworkArchitecture("mlp:40000", input: wide, head: .actorCritic(actions: 2))
        #expect(throws: ModelError.self) {
            try NetworkArchitecture("mlp:40000", input: wide, head: .dueling(actions: 2))
        }
    }

    private func expectNoGaps(_ layout: ParameterLayout) {
        var next = 0
        for entry in layout.entries {
            #expect(entry.offset == next)
            next += entry.count
        }
        #expect(layout.count == next)
    }
}
