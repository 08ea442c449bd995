import Benchmark
import DQNModel
import DQNNetwork
import Workloads

/// Sampling from a replay of frames and stacking them.
func replaySuite() throws -> BenchmarkSuite {
    let frame = ObservationSpace(shape: [84, 84], element: .uint8)
    let batchSize = 32
    let network = try NetworkArchitecture(
        input: frame.stacked(depth: 4), layers: [.convolution(outputs: 1, kernel: 8, stride: 8)],
        head: .actionValues(actions: 1))
    let input = try OneDNNBackend().makeComputation(of: network, batchSize: batchSize, training: false)
    // Larger than the caches, as in training.
    func replay(prioritized: Bool) -> FilledReplay {
        FilledReplay(
            capacity: 10_000, frame: frame, frameStack: 4, prioritized: prioritized, batchSize: batchSize)
    }
    let uniform = replay(prioritized: false)
    let prioritized = replay(prioritized: true)
    return BenchmarkSuite(name: "replay") { suite in
        suite.benchmark("sample uniform, 10 × 32") { for _ in 0..<10 { uniform.sample() } }
        suite.benchmark("sample prioritized, 10 × 32") { for _ in 0..<10 { prioritized.sample() } }
        suite.benchmark("sample and stack, 32") { uniform.stack(into: input) }
        suite.benchmark("add, 100") { for _ in 0..<100 { uniform.add() } }
    }
}
