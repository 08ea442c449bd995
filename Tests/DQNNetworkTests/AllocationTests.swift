import CAllocationCounter
import DQNModel
import DQNNetwork
import Testing

@Suite struct AllocationTests {
    @Test(arguments: [
        ("mlp:256,256", ObservationSpace(shape: [4], element: .float32), 64),
        ("nips-cnn", ObservationSpace(shape: [4, 84, 84], element: .uint8), 8),
    ])
    func aWarmGradientStepAllocatesNothingOfOurOwn(network: String, input: ObservationSpace, batch: Int) throws {
        let small = try SmallNetwork(network, input: input, actions: 3, batch: batch)
        let gradients = ParameterSlab(layout: small.layout)
        let optimizer = Optimizer(.adam(), layout: small.layout)
        func step() throws {
            _ = try small.loss(.huber)
            try small.computation.backward(into: gradients)
            let norm = GradientNorm.of(gradients)
            optimizer.step(
                small.parameters, gradients: gradients, learningRate: 1e-4,
                gradientScale: GradientNorm.clipScale(norm, maximum: 10))
        }
        for _ in 0..<3 { try step() }
        allocation_counter_start()
        for _ in 0..<10 { try step() }
        let counts = allocation_counter_stop()
        print(
            "\(network): \(counts.own) own allocations, \(counts.compute_library) inside oneDNN, in 10 gradient steps")
        #if os(Linux)
            #expect(counts.own == 0)
        #endif
    }

    @Test func theCounterCounts() {
        allocation_counter_start()
        let array = [Int](repeating: 1, count: 10_000 + Int.random(in: 0...1))
        let counts = allocation_counter_stop()
        #expect(array.count >= 10_000)
        #if os(Linux)
            #expect(counts.own >= 1)
        #endif
    }
}
