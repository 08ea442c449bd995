import DQNModel
import DQNNetwork
import Testing

@Suite struct InitializationTests {
    private static let image = ObservationSpace(shape: [3, 12, 12], element: .uint8)

    private func drawn(_ initialization: Initialization, _ architecture: NetworkArchitecture) throws -> ParameterSlab {
        let slab = ParameterSlab(layout: try ParameterLayout(architecture))
        // What was there before must not matter.
        slab.elements.update(repeating: 77)
        var generator = RandomGenerator(seed: 5, stream: "initialisation")
        slab.initialize(initialization, of: architecture, using: &generator)
        return slab
    }

    private func values(_ slab: ParameterSlab, _ name: String) throws -> (ParameterLayout.Entry, [Double]) {
        let entry = try #require(slab.layout[name])
        return (entry, entry.range.map { Double(slab.elements[$0]) })
    }

    @Test func fanInDrawsWhatEarlierReleasesDrew() throws {
        let architecture = try NetworkArchitecture("conv:16k4s2/fc32", input: Self.image, actions: 3)
        let slab = try drawn(.fanIn, architecture)
        var generator = RandomGenerator(seed: 5, stream: "initialisation")
        for entry in slab.layout.entries {
            let bound = 1 / Double(entry.name.hasPrefix("layers/0") ? 48 : entry.fanIn).squareRoot()
            for index in entry.range {
                #expect(slab.elements[index] == Float(generator.uniform(in: -bound..<bound)))
            }
        }
    }

    @Test(arguments: Initialization.allCases)
    func normsStartAsTheIdentityAndTheSeedDecides(initialization: Initialization) throws {
        let architecture = try NetworkArchitecture(
            "conv:16k4s2/fc32+norm", input: Self.image, head: .dueling(actions: 3))
        let slab = try drawn(initialization, architecture)
        #expect(slab.layout.entries.contains { $0.role == .normalizationWeight })
        for entry in slab.layout.entries {
            let values = entry.range.map { slab.elements[$0] }
            switch entry.role {
            case .normalizationWeight: #expect(values.allSatisfy { $0 == 1 }, "\(entry.name)")
            case .normalizationBias: #expect(values.allSatisfy { $0 == 0 }, "\(entry.name)")
            case .bias: #expect(values.allSatisfy { $0 == 0 } == (initialization != .fanIn), "\(entry.name)")
            case .weight: #expect(Set(values).count > values.count / 2, "\(entry.name)")
            }
        }
        #expect(try drawn(initialization, architecture).values == slab.values)
    }

    @Test(arguments: [Initialization.lecun, .he])
    func uniformWeightsHaveTheVarianceOfTheirScheme(initialization: Initialization) throws {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [50], element: .float32),
            layers: [.dense(units: 100), .dense(units: 80, activation: .tanh)], head: .actionValues(actions: 60))
        let slab = try drawn(initialization, architecture)
        for (name, gain) in [("layers/0", initialization == .he ? 2.0 : 1), ("layers/1", 1), ("head", 1)] {
            let (entry, weights) = try values(slab, "\(name)/weight")
            let variance = weights.reduce(0) { $0 + $1 * $1 } / Double(weights.count)
            #expect(abs(variance * Double(entry.fanIn) / gain - 1) < 0.05, "\(name)")
            let bound = (3 * gain / Double(entry.fanIn)).squareRoot()
            #expect(weights.allSatisfy { abs($0) <= bound } && weights.contains { abs($0) > 0.99 * bound }, "\(name)")
        }
    }

    /// Rows are orthogonal if there are not more of them than columns, otherwise columns are.
    @Test func orthogonalWeightsAreOrthogonal() throws {
        let streams = NetworkArchitecture.DuelingStreams(value: [.dense(units: 9)], advantage: [])
        let architecture = try NetworkArchitecture(
            input: Self.image,
            layers: [
                .convolution(outputs: 16, kernel: .init(rows: 4, columns: 3), stride: .init(2)),
                .convolution(outputs: 20, kernel: .init(1), stride: .init(1), activation: .identity),
                .layerNorm(activation: .relu), .dense(units: 40, activation: .identity), .dense(units: 40),
                .dense(units: 50, activation: .tanh),
            ], head: .dueling(actions: 3, streams: streams))
        let slab = try drawn(.orthogonal, architecture)
        let root = 2.0.squareRoot()
        // A layer below a norm has the gain of the norm's activation.
        let gains = [
            "layers/0": root, "layers/1": root, "layers/3": 1, "layers/4": root, "layers/5": 1, "value/layers/0": root,
            "value/output": 1, "advantage/output": 1,
        ]
        #expect(slab.layout.entries.count { $0.role == .weight } == gains.count)
        for (name, gain) in gains {
            let (entry, weights) = try values(slab, "\(name)/weight")
            let (rows, columns) = (entry.shape[0], entry.fanIn)
            let wide = rows <= columns
            for a in 0..<min(rows, columns) {
                for b in 0...a {
                    let product = (0..<max(rows, columns)).reduce(0.0) { sum, index in
                        let first = wide ? a * columns + index : index * columns + a
                        let second = wide ? b * columns + index : index * columns + b
                        return sum + weights[first] * weights[second]
                    }
                    #expect(abs(product - (a == b ? gain * gain : 0)) < 1e-5, "\(name) \(a) \(b)")
                }
            }
        }
    }

    /// Every orthogonal matrix is equally probable: the elements have no preferred sign and the expected variance.
    @Test func orthogonalWeightsAreBalanced() throws {
        let architecture = try NetworkArchitecture(
            "mlp:64,64", input: ObservationSpace(shape: [64], element: .float32), actions: 2)
        let slab = try drawn(.orthogonal, architecture)
        for name in ["layers/0", "layers/1"] {
            let (_, weights) = try values(slab, "\(name)/weight")
            let mean = weights.reduce(0, +) / Double(weights.count)
            #expect(abs(mean) < 0.01)
            let diagonal = (0..<64).map { weights[$0 * 65] }
            #expect(diagonal.contains { $0 > 0 } && diagonal.contains { $0 < 0 })
        }
    }
}
