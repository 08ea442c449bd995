import Benchmark
import DQNModel
import DQNNetwork
import Workloads

/// Updates and forward passes of two networks on one thread.
func computeSuite() throws -> BenchmarkSuite {
    ComputeThreads.useCallingThreadOnly()
    let suite = BenchmarkSuite(name: "compute")
    for (name, shape, batchSize) in [("nature-cnn", [4, 84, 84], 32), ("mlp:256,256", [4], 64)] {
        let space = ObservationSpace(shape: shape, element: shape.count == 3 ? .uint8 : .float32)
        let architecture = try NetworkArchitecture(name, input: space, actions: 6)
        let update = try GradientUpdate(architecture, batchSize: batchSize, double: false)
        let batch = try ForwardPass(architecture, batchSize: batchSize)
        let single = try ForwardPass(architecture, batchSize: 1)
        suite.benchmark("update \(name), \(batchSize)") { try update.run() }
        suite.benchmark("forward \(name), \(batchSize)") { try batch.run() }
        suite.benchmark("forward \(name), 1") { try single.run() }
    }
    return suite
}
