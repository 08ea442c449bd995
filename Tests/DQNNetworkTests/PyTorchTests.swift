import DQNModel
import DQNNetwork
import Foundation
import Testing

/// A file of `Fixtures/networks`; `Fixtures/README.md` describes its keys.
struct NetworkFixture: Decodable {
    struct Recorded: Decodable {
        var shape: [Int]
        var values: [Double]
        var indices: [Int]?
        var l2: Double
    }
    struct OptimizerRun: Decodable {
        var kind: String
        var hyperparameters: [String: Double]
        var maxGradientNorm: Double?
        var steps: Int
        var losses: [Double]
        var gradientNorms: [Double]
        var parameters: [String: Recorded]
    }
    struct Input: Decodable {
        var shape: [Int]
        var element: ElementType
    }
    var network: String
    var input: Input
    var actionCount: Int
    var batch: Int
    var actions: [Int32]
    var targets: [Double]
    var parameters: [String: Recorded]
    var actionValues: [[Double]]
    var losses: [String: Double]
    var gradients: [String: [String: Recorded]]
    var optimizers: [OptimizerRun]

    static func data(_ name: String) throws -> Data {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Data(contentsOf: root.appendingPathComponent("Fixtures/networks/\(name).json"))
    }

    static func load(_ name: String) throws -> NetworkFixture {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            // Names of parameters and constants are kept; only the keys of the structure are in snake case.
            let key = path[path.count - 1].stringValue
            let own = [
                "action_count": "actionCount", "action_values": "actionValues", "gradient_norms": "gradientNorms",
                "max_gradient_norm": "maxGradientNorm",
            ]
            return Key(stringValue: own[key] ?? key)
        }
        return try decoder.decode(
            NetworkFixture.self, from: data(name))
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }
}

/// The hash from which fixtures derive weights and inputs.
enum FixtureHash {
    static func hash(_ index: Int, salt: UInt32) -> UInt32 {
        var x = UInt32(truncatingIfNeeded: index) &+ salt &* 0x9E37_79B9
        x ^= x >> 16
        x = x &* 0x85EB_CA6B
        x ^= x >> 13
        x = x &* 0xC2B2_AE35
        return x ^ (x >> 16)
    }

    static func unit(_ index: Int, salt: UInt32) -> Double { Double(hash(index, salt: salt)) / 0x1p31 - 1 }

    /// Sets every parameter to its hashed value.
    static func fill(_ slab: ParameterSlab) {
        for entry in slab.layout.entries {
            for index in entry.range {
                slab.elements[index] = Float(unit(index, salt: 1) / Double(entry.fanIn).squareRoot())
            }
        }
    }

    /// Loads a hashed observation into every row.
    static func load(_ computation: any NetworkComputation) {
        let input = computation.architecture.input
        for row in 0..<computation.batchSize {
            let indices = (row * input.count)..<((row + 1) * input.count)
            if input.element == .uint8 {
                let bytes = indices.map { UInt8((hash($0, salt: 2) >> 24) >> UInt32(row)) }
                bytes.withUnsafeBytes { computation.load($0, row: row, offset: 0) }
            } else {
                let floats = indices.map { Float(unit($0, salt: 2)) }
                floats.withUnsafeBytes { computation.load($0, row: row, offset: 0) }
            }
        }
    }
}

/// A fixture's network with its hashed weights and inputs loaded.
struct HashedNetwork {
    let fixture: NetworkFixture
    let layout: ParameterLayout
    let computation: any NetworkComputation
    let parameters: ParameterSlab
    let gradients: ParameterSlab

    init(_ name: String) throws {
        let fixture = try NetworkFixture.load(name)
        self.fixture = fixture
        let input = ObservationSpace(shape: fixture.input.shape, element: fixture.input.element)
        let architecture = try NetworkArchitecture(
            name == "nature-cnn" ? name : "mlp:64,64", input: input, actions: fixture.actionCount)
        let layout = try ParameterLayout(architecture)
        self.layout = layout
        let computation = try OneDNNBackend().makeComputation(
            of: architecture, batchSize: fixture.batch, training: true)
        self.computation = computation
        parameters = ParameterSlab(layout: layout)
        gradients = ParameterSlab(layout: layout)
        resetParameters()
        FixtureHash.load(computation)
    }

    func resetParameters() { FixtureHash.fill(parameters) }

    /// Computes forward, loss and backward, and returns the loss.
    func pass(_ loss: Loss) throws -> Double {
        try computation.use(parameters)
        let outputs = try computation.forward()
        let targets = fixture.targets.map(Float.init)
        let value = fixture.actions.withUnsafeBufferPointer { actions in
            targets.withUnsafeBufferPointer { targets in
                loss.evaluate(
                    outputs: outputs, actions: actions, targets: targets, gradient: computation.outputGradient)
            }
        }
        try computation.backward(into: gradients)
        return value
    }

    func expect(_ slab: ParameterSlab, _ recorded: [String: NetworkFixture.Recorded], _ what: String) {
        NetworkFixture.expect(slab, recorded, what)
    }
}

extension NetworkFixture {
    /// Expects a slab to agree with recorded tensors to 1e-4 of the element or the tensor's root mean square.
    static func expect(_ slab: ParameterSlab, _ recorded: [String: Recorded], _ what: String) {
        let layout = slab.layout
        #expect(Set(recorded.keys) == Set(layout.entries.map(\.name)))
        for entry in layout.entries {
            guard let tensor = recorded[entry.name] else { continue }
            #expect(tensor.shape == entry.shape)
            let rootMeanSquare = tensor.l2 / Double(entry.count).squareRoot()
            var worst = 0.0
            for (position, index) in (tensor.indices ?? Array(0..<entry.count)).enumerated() {
                let expected = tensor.values[position]
                let difference = abs(Double(slab.elements[entry.offset + index]) - expected)
                worst = max(worst, difference / max(abs(expected), rootMeanSquare, 1e-12))
            }
            #expect(worst < 1e-4, "\(what) \(entry.name): relative difference \(worst)")
            let l2 = entry.range.reduce(0.0) { $0 + Double(slab.elements[$1]) * Double(slab.elements[$1]) }.squareRoot()
            #expect(abs(l2 - tensor.l2) <= 1e-4 * tensor.l2, "\(what) \(entry.name): norm \(l2), not \(tensor.l2)")
        }
    }
}

@Suite struct PyTorchTests {
    static let networks = ["mlp-64-64", "nature-cnn"]

    @Test(arguments: networks)
    func outputsLossesAndGradientsAgree(name: String) throws {
        let network = try HashedNetwork(name)
        network.expect(network.parameters, network.fixture.parameters, "weights")
        try network.computation.use(network.parameters)
        let outputs = Array(try network.computation.forward())
        for (index, expected) in network.fixture.actionValues.flatMap({ $0 }).enumerated() {
            #expect(abs(Double(outputs[index]) - expected) <= 1e-4 * max(abs(expected), 0.01))
        }
        for loss in Loss.allCases {
            let value = try network.pass(loss)
            let expected = try #require(network.fixture.losses[loss.rawValue])
            #expect(abs(value - expected) <= 1e-4 * expected)
            let gradients = try #require(network.fixture.gradients[loss.rawValue])
            network.expect(network.gradients, gradients, "\(loss) gradient of")
        }
    }

    @Test(arguments: networks)
    func tenOptimiserStepsAgree(name: String) throws {
        let network = try HashedNetwork(name)
        #expect(Set(network.fixture.optimizers.map(\.kind)) == ["adam", "rmsprop", "rmsprop-centred"])
        #expect(network.fixture.optimizers.contains { $0.maxGradientNorm != nil })
        for run in network.fixture.optimizers {
            let epsilon = try #require(run.hyperparameters["epsilon"])
            let learningRate = try #require(run.hyperparameters["learning_rate"])
            let configuration: OptimizerConfiguration =
                run.kind == "adam"
                ? .adam(
                    beta1: try #require(run.hyperparameters["beta1"]),
                    beta2: try #require(run.hyperparameters["beta2"]),
                    epsilon: epsilon)
                : .rmsprop(
                    decay: try #require(run.hyperparameters["decay"]), epsilon: epsilon,
                    centred: run.kind == "rmsprop-centred")
            network.resetParameters()
            let optimizer = Optimizer(configuration, layout: network.layout)
            for step in 0..<run.steps {
                let loss = try network.pass(.huber)
                #expect(abs(loss - run.losses[step]) <= 1e-4 * run.losses[step])
                let norm = network.gradients.norm
                #expect(abs(norm - run.gradientNorms[step]) <= 1e-4 * run.gradientNorms[step])
                let scale = run.maxGradientNorm.map { GradientClipping.scale(norm: norm, maximum: $0) } ?? 1
                optimizer.step(
                    network.parameters, gradients: network.gradients, learningRate: learningRate, gradientScale: scale)
            }
            #expect(run.steps == 10 && optimizer.stepCount == 10)
            network.expect(
                network.parameters, run.parameters, "\(run.kind) clip \(run.maxGradientNorm ?? 0), after ten steps,")
        }
    }
}
