import DQNModel
import DQNNetwork
import Foundation
import Testing

@Suite struct OptimizerThreadTests {
    private func makeLayout(_ network: String = "mlp:33") throws -> ParameterLayout {
        try ParameterLayout(
            try NetworkArchitecture(network, input: ObservationSpace(shape: [7], element: .float32), actions: 3))
    }

    /// Returns a different gradient for each thread.
    private func gradient(_ layout: ParameterLayout, thread: Int) -> ParameterSlab {
        let slab = ParameterSlab(layout: layout)
        for index in slab.elements.indices {
            slab.elements[index] = Float(FixtureHash.unit(index, salt: UInt32(thread + 20)))
        }
        return slab
    }

    @Test(arguments: [OptimizerConfiguration.adam(), .rmsprop(), .rmsprop(decay: 0.99, epsilon: 0.1, centred: false)])
    func concurrentStepsAreAllCounted(configuration: OptimizerConfiguration) throws {
        let layout = try makeLayout()
        let parameters = ParameterSlab(layout: layout)
        let optimizer = Optimizer(configuration, layout: layout)
        let threads = 2
        let steps = 20_000
        let gradients = (0..<threads).map { gradient(layout, thread: $0) }
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            for _ in 0..<steps {
                optimizer.step(parameters, gradients: gradients[thread], learningRate: 1e-4)
            }
        }
        #expect(optimizer.stepCount == threads * steps)
        for (name, values) in optimizer.slotValues { #expect(values.allSatisfy { $0.isFinite }, "\(name)") }
        #expect(parameters.values.allSatisfy { $0.isFinite })
        #expect(parameters.values.contains { $0 != 0 })
    }

    @Test(
        "A copy equals the new parameters and does not change the step",
        arguments: [OptimizerConfiguration.adam(), .rmsprop(), .rmsprop(decay: 0.99, epsilon: 0.1, centred: false)],
        [nil, 2])
    func copies(configuration: OptimizerConfiguration, threads: Int?) throws {
        // A team divides steps of many parameters only.
        let layout = try makeLayout("mlp:100,97")
        // The count is not a multiple of the vector width, and the shares are unequal.
        try #require(layout.count % 32 != 0)
        let (alone, accompanied) = (ParameterSlab(layout: layout), ParameterSlab(layout: layout))
        let copy = ParameterSlab(layout: layout)
        let plain = Optimizer(configuration, layout: layout)
        let copying = Optimizer(configuration, layout: layout, team: threads.map { ComputeTeam(threads: $0) })
        for step in 0..<3 {
            let gradient = gradient(layout, thread: step)
            plain.step(alone, gradients: gradient, learningRate: 1e-2, gradientScale: 0.5)
            copying.step(accompanied, gradients: gradient, learningRate: 1e-2, gradientScale: 0.5, copy: copy)
            #expect(accompanied.values == alone.values && copy.values == alone.values)
        }
        #expect(copying.slotValues == plain.slotValues && alone.values.contains { $0 != 0 })
    }

    @Test func adamCorrectsBiasByStepNumber() throws {
        // The corrections of the first step cancel the decays: every element moves by the learning rate, whatever its
        // gradient. With another step number it would move by another amount.
        let layout = try makeLayout()
        let parameters = ParameterSlab(layout: layout)
        let optimizer = Optimizer(.adam(), layout: layout)
        let gradient = gradient(layout, thread: 0)
        optimizer.step(parameters, gradients: gradient, learningRate: 1e-3)
        #expect(optimizer.stepCount == 1)
        for (value, slope) in zip(parameters.elements, gradient.elements) where abs(slope) > 1e-3 {
            #expect(abs(value + (slope > 0 ? 1e-3 : -1e-3)) < 1e-7)
        }
    }
}
