import DQNModel
import DQNNetwork
import Foundation
import Testing

/// One network of `record_layers.py`.
struct LayerFixture: Decodable, Sendable, CustomTestStringConvertible {
    struct Recorded: Decodable, Sendable {
        var shape: [Int]
        var l2: Double
        var indices: [Int]?
        var values: [Double]
    }

    var name: String
    var architecture: NetworkArchitecture
    var batch: Int
    var outputs: Recorded
    var gradients: [String: Recorded]
    var hidden: [String: Recorded]

    var testDescription: String { name }

    static let all: [LayerFixture] = {
        do {
            return try JSONDecoder().decode([LayerFixture].self, from: NetworkFixture.data("layers"))
        } catch {
            fatalError("layers.json: \(error)")
        }
    }()
}

extension LayerFixture {
    func parameters() throws -> ParameterSlab {
        let slab = ParameterSlab(layout: try ParameterLayout(architecture))
        FixtureHash.fill(slab)
        return slab
    }

    /// Computes a forward and a backward pass of the fixture's batch.
    func pass(_ backend: OneDNNBackend = OneDNNBackend()) throws -> (any NetworkComputation, [Float], ParameterSlab) {
        ComputeThreads.useCallingThreadOnly()
        let slab = try parameters()
        let computation = try backend.makeComputation(of: architecture, batchSize: batch, training: true)
        FixtureHash.load(computation)
        let gradients = ParameterSlab(layout: slab.layout)
        // Twice, because the second pass finds what the first one left.
        for _ in 0..<2 {
            try computation.use(slab)
            _ = try computation.forward()
            for index in computation.outputGradient.indices {
                computation.outputGradient[index] = Float(FixtureHash.unit(index, salt: 11))
            }
            try computation.backward(into: gradients)
        }
        return (computation, Array(try computation.forward()), gradients)
    }

    /// The observation of a row as bytes.
    func observation(_ row: Int) -> [UInt8] {
        let input = architecture.input
        let indices = row * input.count..<(row + 1) * input.count
        if input.element == .uint8 {
            return indices.map { UInt8((FixtureHash.hash($0, salt: 2) >> 24) >> UInt32(row)) }
        }
        return indices.map { Float(FixtureHash.unit($0, salt: 2)) }.withUnsafeBytes { Array($0) }
    }

    /// The largest difference from a recorded tensor, relative to the element or the tensor's root mean square.
    static func difference(_ values: some Collection<Float>, _ recorded: Recorded) -> Double {
        let values = Array(values)
        guard values.count == recorded.shape.reduce(1, *) else { return .infinity }
        let scale = recorded.l2 / Double(values.count).squareRoot()
        var worst = 0.0
        for (position, index) in (recorded.indices ?? Array(values.indices)).enumerated() {
            let expected = recorded.values[position]
            let relative = abs(Double(values[index]) - expected) / max(abs(expected), scale)
            worst = relative.isNaN ? .infinity : max(worst, relative)
        }
        let l2 = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return max(worst, abs(l2 - recorded.l2) / recorded.l2)
    }
}

@Suite struct LayerTests {
    static let tolerance = 2e-5

    @Test(arguments: LayerFixture.all)
    func outputsAndGradientsAreThoseOfPyTorch(fixture: LayerFixture) throws {
        let (_, outputs, gradients) = try fixture.pass()
        #expect(LayerFixture.difference(outputs, fixture.outputs) < Self.tolerance)
        #expect(Set(fixture.gradients.keys) == Set(gradients.layout.entries.map(\.name)))
        for entry in gradients.layout.entries {
            let recorded = try #require(fixture.gradients[entry.name])
            #expect(recorded.shape == entry.shape)
            let difference = LayerFixture.difference(gradients.elements[entry.range], recorded)
            #expect(difference < Self.tolerance, "\(entry.name)")
        }
    }

    @Test(arguments: LayerFixture.all)
    func hiddenOutputsAreThoseOfPyTorch(fixture: LayerFixture) throws {
        let (computation, _, _) = try fixture.pass()
        let hidden = try #require(computation.hiddenOutputs())
        #expect(Set(hidden.map(\.name)) == Set(fixture.hidden.keys))
        for layer in hidden {
            let recorded = try #require(fixture.hidden[layer.name])
            let shape = [fixture.batch, layer.units, layer.positions]
            if layer.name.hasPrefix("layers/") {
                #expect(recorded.shape == shape, "\(layer.name)")
            } else {
                #expect(recorded.shape.reduce(1, *) == shape.reduce(1, *), "\(layer.name)")
            }
            #expect(LayerFixture.difference(layer.values, recorded) < Self.tolerance, "\(layer.name)")
        }
    }

    @Test(arguments: LayerFixture.all)
    func oneObservationGivesTheSameOutputs(fixture: LayerFixture) throws {
        let slab = try fixture.parameters()
        ComputeThreads.useCallingThreadOnly()
        for serving in [nil, ServingPrecision.full] {
            let single = try OneDNNBackend(serving: serving).makeComputation(
                of: fixture.architecture, batchSize: 1, training: false)
            try single.use(slab)
            var outputs: [Float] = []
            for row in 0..<fixture.batch {
                fixture.observation(row).withUnsafeBytes { single.load($0, row: 0, offset: 0) }
                outputs += try single.forward()
            }
            #expect(LayerFixture.difference(outputs, fixture.outputs) < Self.tolerance)
        }
    }

    /// Loads each observation in two parts, as the frames of a stack are.
    @Test(arguments: LayerFixture.all)
    func aBatchForActingGivesTheSameOutputs(fixture: LayerFixture) throws {
        ComputeThreads.useCallingThreadOnly()
        let batch = try OneDNNBackend().makeComputation(
            of: fixture.architecture, batchSize: fixture.batch, training: false)
        try batch.use(fixture.parameters())
        let size = fixture.architecture.input.element.byteCount
        for row in 0..<fixture.batch {
            fixture.observation(row).withUnsafeBytes { bytes in
                let half = bytes.count / size / 2
                batch.load(UnsafeRawBufferPointer(rebasing: bytes[..<(half * size)]), row: row, offset: 0)
                batch.load(UnsafeRawBufferPointer(rebasing: bytes[(half * size)...]), row: row, offset: half)
            }
        }
        #expect(LayerFixture.difference(try batch.forward(), fixture.outputs) < Self.tolerance)
    }

    @Test(arguments: [2, 3])
    func aTeamGivesTheSameOutputsAndGradients(threads: Int) throws {
        let backend = OneDNNBackend(team: ComputeTeam(threads: threads))
        for fixture in LayerFixture.all {
            let (computation, outputs, gradients) = try fixture.pass(backend)
            #expect(LayerFixture.difference(outputs, fixture.outputs) < Self.tolerance, "\(fixture.name)")
            for entry in gradients.layout.entries {
                let recorded = try #require(fixture.gradients[entry.name])
                let difference = LayerFixture.difference(gradients.elements[entry.range], recorded)
                #expect(difference < 2 * Self.tolerance, "\(fixture.name) \(entry.name)")
            }
            let hidden = try #require(computation.hiddenOutputs())
            for layer in hidden {
                let recorded = try #require(fixture.hidden[layer.name])
                #expect(LayerFixture.difference(layer.values, recorded) < Self.tolerance, "\(fixture.name)")
            }
        }
    }

    /// The convolutions compute a batch of large images in blocks.
    @Test func aBatchInBlocksGivesTheSumOfItsRows() throws {
        let architecture = try NetworkArchitecture(
            input: ObservationSpace(shape: [4, 84, 84], element: .uint8), inputOffset: [87],
            layers: [
                .convolution(outputs: 16, kernel: .init(8), stride: .init(4), padding: .init(2), activation: .identity),
                .layerNorm(activation: .silu),
                .convolution(outputs: 16, kernel: .init(3), stride: .init(1), padding: .init(1), activation: .gelu),
                .maxPooling(kernel: .init(2), stride: .init(2)),
                .convolution(outputs: 8, kernel: .init(3), stride: .init(1), activation: .elu),
                .averagePooling(kernel: .init(2), stride: .init(2)), .dense(units: 16),
            ], head: .quantiles(actions: 2, quantiles: 3))
        let layout = try ParameterLayout(architecture)
        let parameters = ParameterSlab(layout: layout)
        FixtureHash.fill(parameters)
        ComputeThreads.useCallingThreadOnly()
        let batch = 9
        let observations = (0..<batch).map { row in
            (0..<architecture.input.count).map { UInt8(FixtureHash.hash($0 + 77 * row, salt: 2) >> 24) }
        }
        func pass(_ rows: Range<Int>) throws -> TrainingPass {
            try TrainingPass(rows, of: observations, architecture, parameters)
        }
        let whole = try pass(0..<batch)
        let single = try (0..<batch).map { try pass($0..<$0 + 1) }
        for (found, wanted) in zip(whole.outputs, single.flatMap(\.outputs)) { #expect(abs(found - wanted) < 1e-5) }
        for entry in layout.entries {
            let sums = entry.range.map { index in single.reduce(0) { $0 + Double($1.gradients[index]) } }
            let largest = sums.reduce(0) { max($0, abs($1)) }
            let worst = zip(entry.range, sums).map { abs(Double(whole.gradients[$0]) - $1) }.max() ?? .infinity
            #expect(largest > 0 && worst < largest * 2e-5, "\(entry.name)")
        }
        for (index, layer) in try #require(whole.hidden).enumerated() {
            let rows = try single.flatMap { try #require($0.hidden)[index].values }
            #expect(layer.values.count == rows.count)
            #expect(zip(layer.values, rows).allSatisfy { abs($0 - $1) < 1e-5 }, "\(layer.name)")
        }
    }

    @Test func aNetworkThatDivergedShowsIt() throws {
        // Functions of a limited range must not turn NaN into a number.
        let fixtures = LayerFixture.all.filter { $0.name.hasPrefix("mlp-") && !$0.name.hasSuffix("relu") }
        #expect(fixtures.count == 8)
        for fixture in fixtures {
            let slab = try fixture.parameters()
            slab.elements[0] = .nan
            let computation = try OneDNNBackend().makeComputation(
                of: fixture.architecture, batchSize: fixture.batch, training: false)
            try computation.use(slab)
            FixtureHash.load(computation)
            #expect(try computation.forward().contains { $0.isNaN }, "\(fixture.name)")
        }
    }
}
