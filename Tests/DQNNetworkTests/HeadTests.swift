import DQNModel
import DQNNetwork
import Foundation
import Testing

/// One network of `record_heads.py`.
struct HeadFixture: Decodable {
    var network: String
    var head: NetworkArchitecture.Head
    var input: NetworkFixture.Input
    var batch: Int
    var actions: [Int32]
    var targets: [Float]
    var weights: [Float]
    var parameters: [String: NetworkFixture.Recorded]
    var outputs: [[Double]]
    var losses: [String: [String: Double]]
    var gradients: [String: [String: NetworkFixture.Recorded]]
}

@Suite struct HeadTests {
    /// A fixture's network after a forward pass, with the inputs of a loss.
    struct Pass {
        let fixture: HeadFixture
        let computation: any NetworkComputation
        let outputs: UnsafeBufferPointer<Float>
        let gradients: ParameterSlab

        init(_ name: String) throws {
            fixture = try JSONDecoder().decode(HeadFixture.self, from: NetworkFixture.data(name))
            let architecture = try NetworkArchitecture(
                fixture.network, input: ObservationSpace(shape: fixture.input.shape, element: fixture.input.element),
                head: fixture.head)
            let layout = try ParameterLayout(architecture)
            let parameters = ParameterSlab(layout: layout)
            gradients = ParameterSlab(layout: layout)
            FixtureHash.fill(parameters)
            NetworkFixture.expect(parameters, fixture.parameters, "weights")
            computation = try OneDNNBackend().makeComputation(
                of: architecture, batchSize: fixture.batch, training: true)
            FixtureHash.load(computation)
            try computation.use(parameters)
            outputs = try computation.forward()
            #expect(outputs.count == fixture.batch * architecture.outputCount)
            for (value, expected) in zip(outputs, fixture.outputs.joined()) {
                #expect(abs(Double(value) - expected) <= 1e-4 * max(abs(expected), 0.01))
            }
        }

        /// Evaluates a loss on the fixture's buffers, then compares every parameter's gradient.
        func expectGradients<Result>(
            of loss: String,
            _ evaluate: (
                _ actions: UnsafeBufferPointer<Int32>, _ targets: UnsafeBufferPointer<Float>,
                _ weights: UnsafeBufferPointer<Float>
            ) -> Result
        ) throws -> Result {
            let value = fixture.actions.withUnsafeBufferPointer { actions in
                fixture.targets.withUnsafeBufferPointer { targets in
                    fixture.weights.withUnsafeBufferPointer { evaluate(actions, targets, $0) }
                }
            }
            try computation.backward(into: gradients)
            NetworkFixture.expect(gradients, try #require(fixture.gradients[loss]), "\(loss) gradient of")
            return value
        }
    }

    @Test(arguments: ["dueling-mlp", "dueling-cnn", "dueling-linear"])
    func duelingNetworksAgreeWithPyTorch(name: String) throws {
        let pass = try Pass(name)
        #expect(pass.fixture.losses.count == 2 * Loss.allCases.count)
        for loss in Loss.allCases {
            for weighted in [false, true] {
                let key = weighted ? "\(loss.rawValue)-weighted" : loss.rawValue
                let value = try pass.expectGradients(of: key) { actions, targets, weights in
                    loss.evaluate(
                        outputs: pass.outputs, actions: actions, targets: targets,
                        gradient: pass.computation.outputGradient, weights: weighted ? weights : nil)
                }
                let expected = try #require(pass.fixture.losses[key]?["loss"])
                #expect(abs(value - expected) <= 1e-4 * expected)
            }
        }
    }

    @Test(arguments: ["actor-critic-mlp", "actor-critic-cnn"])
    func actorCriticNetworksAgreeWithPyTorch(name: String) throws {
        let pass = try Pass(name)
        let sums = try pass.expectGradients(of: "actor_critic") { actions, targets, _ in
            // The last row is padding.
            ActorCriticLoss().evaluate(
                outputs: pass.outputs, actions: actions, returns: targets, gradient: pass.computation.outputGradient,
                count: pass.fixture.batch - 1)
        }
        let expected = try #require(pass.fixture.losses["actor_critic"])
        for (part, value) in ["policy": sums.policy, "value": sums.value, "entropy": sums.entropy] {
            let recorded = try #require(expected[part])
            #expect(abs(value - recorded) <= 1e-4 * abs(recorded), "\(part): \(value), not \(recorded)")
        }
    }

    @Test func aConstantAdvantageChangesNoQValue() throws {
        // The mean is subtracted so that only V contains a common shift.
        let small = try SmallNetwork(
            "mlp:8", input: ObservationSpace(shape: [3], element: .float32), head: .dueling(actions: 4), batch: 3)
        func values(shifting name: String) throws -> [Float] {
            let entry = try #require(small.layout[name])
            for index in entry.range { small.parameters.elements[index] += 2 }
            defer { for index in entry.range { small.parameters.elements[index] -= 2 } }
            try small.computation.use(small.parameters)
            return Array(try small.computation.forward())
        }
        try small.computation.use(small.parameters)
        let before = Array(try small.computation.forward())
        for (shifted, value) in zip(try values(shifting: "advantage/output/bias"), before) {
            #expect(abs(shifted - value) < 1e-5)
        }
        for (shifted, value) in zip(try values(shifting: "value/output/bias"), before) {
            #expect(abs(shifted - value - 2) < 1e-5)
        }
    }

    @Test(arguments: [NetworkArchitecture.Head.dueling(actions: 5), .actorCritic(actions: 5)])
    func initialisationIsBoundedByFanIn(head: NetworkArchitecture.Head) throws {
        let architecture = try NetworkArchitecture(
            "conv:8k3s1/fc64", input: ObservationSpace(shape: [2, 8, 8], element: .uint8), head: head)
        let slab = ParameterSlab(layout: try ParameterLayout(architecture))
        var generator = RandomGenerator(seed: 11)
        slab.initialize(using: &generator)
        for entry in slab.layout.entries {
            let bound = 1 / Float(entry.fanIn).squareRoot()
            let largest = entry.range.map { abs(slab.elements[$0]) }.max() ?? 0
            #expect(largest <= bound)
            // Of at least 64 uniform numbers one exceeds 80 % of the bound, except with a probability of 1e-6.
            if entry.count >= 64 { #expect(largest > 0.8 * bound, "\(entry.name)") }
            #expect(largest > 0)
        }
    }
}
