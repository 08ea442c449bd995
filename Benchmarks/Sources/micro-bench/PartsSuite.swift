import Benchmark
import DQNModel
import DQNNetwork
import Foundation
import Workloads

/// The parts around the network: loading, loss, optimiser, copies, environment and random numbers.
func partsSuite() throws -> BenchmarkSuite {
    let suite = BenchmarkSuite(name: "parts")
    try addMemory(to: suite)
    addLoss(to: suite)
    try addParameters(to: suite)
    var cartPole = try EnvironmentSteps("CartPole-v1")
    suite.benchmark("CartPole step, 1000") { try cartPole.run(1000) }
    var (grey, colour) = (try AtariPictures(channels: 1), try AtariPictures(channels: 3))
    suite.benchmark("Atari's wrappers, grey") { try grey.run() }
    suite.benchmark("Atari's wrappers, colour") { try colour.run() }
    var generator = RandomGenerator(seed: 1)
    // Sums keep the compiler from removing the loops.
    var (bits, real, index): (UInt64, Double, Int) = (0, 0, 0)
    suite.benchmark("random bits, 1000") { for _ in 0..<1000 { bits &+= generator.next() } }
    suite.benchmark("random uniform, 1000") { for _ in 0..<1000 { real += generator.uniform() } }
    suite.benchmark("random integer, 1000") { for _ in 0..<1000 { index &+= generator.integer(below: 100_000) } }
    return suite
}

/// Converting an observation from bytes to floats, and copying as many floats.
private func addMemory(to suite: BenchmarkSuite) throws {
    let space = ObservationSpace(shape: [4, 84, 84], element: .uint8)
    // Networks without convolutions convert them on loading; others fold them in their forward pass.
    let dense = try NetworkArchitecture("mlp:1", input: space, actions: 1)
    let computation = try OneDNNBackend().makeComputation(of: dense, batchSize: 1, training: false)
    var generator = RandomGenerator(seed: 1)
    let observation = space.madeUp(1, &generator)
    suite.benchmark("load 28,224 bytes") { computation.load(observation) }
    // One small kernel, so that folding dominates.
    let folding = try ForwardPass(
        NetworkArchitecture(
            input: space, layers: [.convolution(outputs: 1, kernel: 4, stride: 4)], head: .actionValues(actions: 1)),
        batchSize: 1)
    suite.benchmark("fold 28,224 bytes") { try folding.run() }
    let floats = FloatCopy(count: space.count)
    suite.benchmark("memcpy 28,224 floats") { floats.run() }
}

/// The loss of a mini-batch of 32.
private func addLoss(to suite: BenchmarkSuite) {
    let (rows, width) = (32, 6)
    let outputs = [Float](repeating: 0.5, count: rows * width)
    let actions = (0..<rows).map { Int32($0 % width) }
    let targets = (0..<rows).map { Float($0) / 16 }
    var gradient = [Float](repeating: 0, count: rows * width)
    var sum = 0.0
    suite.benchmark("Huber loss 32 × 6, 100") {
        outputs.withUnsafeBufferPointer { outputs in
            actions.withUnsafeBufferPointer { actions in
                targets.withUnsafeBufferPointer { targets in
                    gradient.withUnsafeMutableBufferPointer { gradient in
                        for _ in 0..<100 {
                            sum += Loss.huber.evaluate(
                                outputs: outputs, actions: actions, targets: targets, gradient: gradient)
                        }
                    }
                }
            }
        }
    }
}

/// Passes over all parameters of the Nature CNN.
private func addParameters(to suite: BenchmarkSuite) throws {
    let architecture = try NetworkArchitecture(
        "nature-cnn", input: ObservationSpace(shape: [4, 84, 84], element: .uint8), actions: 6)
    let layout = try ParameterLayout(architecture)
    let (online, other, gradients) = (
        ParameterSlab(layout: layout), ParameterSlab(layout: layout), ParameterSlab(layout: layout)
    )
    var generator = RandomGenerator(seed: 1)
    online.initialize(using: &generator)
    gradients.initialize(using: &generator)
    let adam = Optimizer(.adam(), layout: layout)
    let rmsprop = Optimizer(.rmsprop(centred: false), layout: layout)
    suite.benchmark("Adam step") { adam.step(online, gradients: gradients, learningRate: 1e-9) }
    suite.benchmark("RMSProp step") { rmsprop.step(online, gradients: gradients, learningRate: 1e-9) }
    suite.benchmark("parameter copy") { other.copy(from: online) }
    var norm = 0.0
    suite.benchmark("gradient norm") { norm += gradients.norm }
    let copy = FloatCopy(count: layout.count)
    suite.benchmark("memcpy of the parameters") { copy.run() }
}

/// A copy of floats by the system, for comparison.
private final class FloatCopy {
    private let source: UnsafeMutableBufferPointer<Float>
    private let target: UnsafeMutableBufferPointer<Float>

    init(count: Int) {
        source = .allocate(capacity: count)
        target = .allocate(capacity: count)
        source.initialize(repeating: 1)
        target.initialize(repeating: 2)
    }

    deinit {
        source.deallocate()
        target.deallocate()
    }

    func run() {
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        memcpy(target, source, self.source.count * MemoryLayout<Float>.stride)
    }
}
