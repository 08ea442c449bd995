import CAllocationCounter
import DQNModel
import DQNNetwork
import Testing

@Suite struct AllocationTests {
    @Test(
        arguments: [
            ("mlp:256,256", ObservationSpace(shape: [4], element: .float32), 64),
            ("nips-cnn", ObservationSpace(shape: [4, 84, 84], element: .uint8), 8),
            (
                "conv:8k3s1p1,max2s2,8k3s1,avg2s1/fc32+silu+norm",
                ObservationSpace(shape: [2, 12, 12], element: .uint8), 8
            ),
            ("mlp:64,64+tanh+norm", ObservationSpace(shape: [4], element: .float32), 8),
        ],
        [NetworkArchitecture.Head.actionValues(actions: 3), .dueling(actions: 3), .actorCritic(actions: 3)])
    func aWarmGradientStepAllocatesNothing(
        size: (network: String, input: ObservationSpace, batch: Int), head: NetworkArchitecture.Head
    ) throws {
        let small = try SmallNetwork(size.network, input: size.input, head: head, batch: size.batch)
        let gradients = ParameterSlab(layout: small.layout)
        let optimizer = Optimizer(.adam(), layout: small.layout)
        var errors = [Float](repeating: 0, count: size.batch)
        let weights = [Float](repeating: 0.5, count: size.batch)
        let logits: [Float] = [0.5, -1, 2]
        func step() throws {
            if case .actorCritic = head {
                _ = try small.actorCriticLoss()
                _ = logits.withUnsafeBufferPointer { SoftmaxPolicy.sample($0, uniform: 0.4) }
            } else {
                try errors.withUnsafeMutableBufferPointer { errors throws in
                    try weights.withUnsafeBufferPointer { weights throws in
                        _ = try small.loss(.huber, weights: weights, absoluteErrors: errors)
                    }
                }
            }
            try small.computation.backward(into: gradients)
            let norm = gradients.norm
            optimizer.step(
                small.parameters, gradients: gradients, learningRate: 1e-4,
                gradientScale: GradientClipping.scale(norm: norm, maximum: 10))
        }
        for _ in 0..<3 { try step() }
        allocation_counter_start()
        for _ in 0..<10 { try step() }
        let counts = allocation_counter_stop()
        print(
            "\(size.network) \(head): \(counts.own) own allocations, \(counts.compute_library) inside oneDNN, in 10 gradient steps"
        )
        #if os(Linux)
            #expect(counts.own == 0)
        #endif
    }

    @Test func theAllocationCounterCounts() {
        allocation_counter_start()
        let array = [Int](repeating: 1, count: 10_000 + Int.random(in: 0...1))
        let counts = allocation_counter_stop()
        #expect(array.count >= 10_000)
        #if os(Linux)
            #expect(counts.own >= 1)
        #endif
    }
}
