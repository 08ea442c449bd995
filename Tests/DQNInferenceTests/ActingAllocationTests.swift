import CAllocationCounter
import DQNInference
import DQNModel
import Testing

// Allocations are counted on Linux only.
#if os(Linux)
    @Suite struct ActingAllocationTests {
        @Test(arguments: [
            ("mlp:64,64", ObservationSpace(shape: [4], element: .float32)),
            ("nips-cnn", ObservationSpace(shape: [4, 84, 84], element: .uint8)),
            ("nature-cnn", ObservationSpace(shape: [4, 84, 84], element: .uint8)),
            ("conv:8k3s1p1,max2s2,8k3s1/fc32+silu+norm", ObservationSpace(shape: [2, 12, 12], element: .uint8)),
            ("mlp:64,64+tanh", ObservationSpace(shape: [4], element: .float32)),
        ])
        func actingDoesNotAllocate(network: String, input: ObservationSpace) throws {
            let architecture = try NetworkArchitecture(
                network, input: input, inputOffset: [1], head: .quantiles(actions: 3, quantiles: 32))
            let agent = try Agent(
                Policy(
                    architecture: architecture,
                    parameters: [Float](repeating: 0.01, count: try ParameterLayout(architecture).count),
                    environment: "Any-v0"))
            let observation = Observation(zerosOf: input)
            for _ in 0..<3 { _ = try agent.action(for: observation) }
            allocation_counter_start()
            for _ in 0..<100 { _ = try agent.action(for: observation) }
            let counts = allocation_counter_stop()
            print("\(network): \(counts.own) own allocations, \(counts.compute_library) inside oneDNN, in 100 actions")
            #expect(counts.own == 0)
        }
    }
#endif
