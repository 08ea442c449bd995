import DQNCheckpoint
import DQNInterchange
import DQNModel
import Foundation
import Testing

@Suite struct ONNXExportTests {
    private static func policy(_ architecture: NetworkArchitecture) throws -> PolicyExport {
        let layout = try ParameterLayout(architecture)
        var generator = RandomGenerator(seed: 7)
        var parameters = (0..<layout.count).map { _ in Float(generator.uniform(in: -1..<1)) }
        // Zeros keep their signs.
        for entry in layout.entries { parameters[entry.offset] = -0.0 }
        let frames = architecture.input.shape.count == 3 ? architecture.input.shape[0] : 1
        let checkpoint = Checkpoint(
            writer: .current,
            configuration: .object(["environment": .string("CartPole-v1"), "frame_stack": .integer(Int64(frames))]),
            architecture: architecture, online: parameters, stripped: ["optimizer", "replay", "training"])
        return try PolicyExport(checkpoint, digest: String(repeating: "0", count: 64))
    }

    private static func vector(_ count: Int) -> ObservationSpace { ObservationSpace(shape: [count], element: .float32) }

    private static func images() throws -> [NetworkArchitecture] {
        let pixels = ObservationSpace(shape: [2, 12, 10], element: .uint8)
        let layers: [NetworkArchitecture.Layer] = [
            .convolution(
                outputs: 3, kernel: .init(rows: 3, columns: 4), stride: .init(rows: 2, columns: 1),
                padding: .init(rows: 2, columns: 1), activation: .silu),
            .layerNorm(activation: .gelu), .maxPooling(kernel: .init(2), stride: .init(1), padding: .init(1)),
            .averagePooling(kernel: .init(3), stride: .init(2), padding: .init(1)), .dense(units: 5, activation: .tanh),
        ]
        return [
            try NetworkArchitecture(input: pixels, layers: layers, head: .actionValues(actions: 3)),
            try NetworkArchitecture(
                input: pixels, inputOffset: [128], inputScale: [1 / 64], layers: layers,
                head: .dueling(actions: 3, streams: .init(value: [], advantage: [.dense(units: 4)]))),
            try NetworkArchitecture(
                input: ObservationSpace(shape: [2, 12, 10], element: .float32),
                layers: Array(layers.dropLast()), head: .quantiles(actions: 2, quantiles: 3)),
            try NetworkArchitecture(
                input: pixels, inputScale: [1], layers: [.maxPooling(kernel: .init(2), stride: .init(2))],
                head: .actorCritic(actions: 3)),
            try NetworkArchitecture(
                input: pixels, inputScale: (0..<240).map { Float($0 + 1) / 999 }, layers: [.dense(units: 4)],
                head: .actionValues(actions: 3)),
        ]
    }

    private static func all() throws -> [NetworkArchitecture] {
        let smooth: [NetworkArchitecture.Layer] = [
            .dense(units: 6, activation: .gelu), .layerNorm(activation: .elu), .dense(units: 5, activation: .identity),
            .dense(units: 4, activation: .sigmoid),
        ]
        return try images() + [
            try NetworkArchitecture(input: vector(4), layers: smooth, head: .actionValues(actions: 2)),
            try NetworkArchitecture(input: vector(4), layers: [], head: .actionValues(actions: 2)),
            try NetworkArchitecture(
                input: vector(4), inputOffset: [0.5, -0.0, 0, 3], inputScale: [-2, 1, 0.1, 7], layers: smooth,
                head: .dueling(actions: 3)),
            try NetworkArchitecture(
                input: vector(4), inputOffset: [0], inputScale: [1], layers: [.layerNorm()], head: .dueling(actions: 3)),
            try NetworkArchitecture(
                input: vector(4), layers: smooth,
                head: .actorCritic(
                    actions: 2, streams: .init(policy: [.dense(units: 3, activation: .silu)], value: [.layerNorm()]))),
            try NetworkArchitecture(
                input: vector(4), layers: [.dense(units: 3)],
                head: .actorCritic(actions: 2, streams: .init(policy: [], value: []))),
            try NetworkArchitecture(
                input: vector(4), layers: [.dense(units: 3)], head: .quantiles(actions: 3, quantiles: 3)),
        ]
    }

    private static func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

    @Test func exportedPoliciesComeBackExactly() throws {
        for (index, architecture) in try Self.all().enumerated() {
            let policy = try Self.policy(architecture)
            for choosesAction in [false, true] {
                let bytes = [UInt8](try policy.contents(.onnx, choosesAction: choosesAction))
                let imported = try ForeignPolicy(bytes[...], name: "policy.onnx", ImportOptions())
                #expect(imported.network.architecture == architecture, "\(index)")
                #expect(Self.bits(imported.network.parameters) == Self.bits(policy.parameters), "\(index)")
                #expect(try imported.checkpoint().configuration == policy.document.configuration)
            }
        }
    }

    /// What another program keeps of a file is the graph; its properties may be lost.
    @Test func theGraphAloneComputesTheSame() throws {
        for (index, architecture) in try Self.all().enumerated() {
            let policy = try Self.policy(architecture)
            var data = try policy.contents(.onnx)
            while let range = data.range(of: Data("swift_dqn".utf8)) {
                data.replaceSubrange(range, with: Data("swift-dqn".utf8))
            }
            let options = try ImportOptions(environment: "CartPole-v1")
            let imported = try ForeignPolicy([UInt8](data)[...], name: "policy.onnx", options).network
            let original = try ReferenceNetwork(architecture, policy.parameters)
            let other = try ReferenceNetwork(imported.architecture, imported.parameters)
            var generator = RandomGenerator(seed: 8)
            for _ in 0..<3 {
                let scale: Float = architecture.input.element == .uint8 ? 255 : 1
                var observation = (0..<architecture.input.count).map { _ in
                    (scale * Float(generator.uniform())).rounded()
                }
                // Without a description, images of real numbers are taken for pixels.
                let values = original.values(observation)
                if architecture.input.element != imported.architecture.input.element {
                    observation = observation.map { $0 * 255 }
                }
                for (found, value) in zip(other.values(observation), values) {
                    #expect(abs(found - value) < 1e-6 * max(1, abs(value)), "\(index)")
                }
            }
        }
    }

    @Test func aGraphThatContradictsItsDescriptionIsRefused() throws {
        let policy = try Self.policy(
            NetworkArchitecture(input: Self.vector(4), layers: [.dense(units: 3)], head: .actionValues(actions: 2)))
        var data = try policy.contents(.onnx)
        let range = try #require(data.range(of: Data("Relu".utf8)))
        data.replaceSubrange(range, with: Data("Tanh".utf8))
        let error = try #require(throws: InterchangeError.self) {
            try ForeignPolicy([UInt8](data)[...], name: "policy.onnx", ImportOptions())
        }
        #expect(error.message.contains("differs from its description"), "\(error.message)")
        #expect(error.code == .malformed)
    }

    /// The graph of a file, without the versions and the description around it.
    private static func graph(_ data: Data) throws -> [UInt8] {
        let bytes = [UInt8](data)
        var place = 4 + Int(bytes[3])
        place += 2 + Int(bytes[place + 1])
        try #require(bytes[place] == 0x3a)
        var (count, shift) = (0, 0)
        repeat {
            place += 1
            count |= Int(bytes[place] & 0x7f) << shift
            shift += 7
        } while bytes[place] >= 0x80
        return Array(bytes[(place + 1)..<(place + 1 + count)])
    }

    /// ONNX's checker and ONNX Runtime have approved these graphs: `DQN_RECORD_ONNX=FOLDER` writes the policies and the
    /// digests, and `check_onnx.py` checks them.
    @Test func theGraphsAreThoseThatWereChecked() throws {
        let url = ONNXImportTests.folder.appending(path: "exported.json")
        var found: [String: String] = [:]
        let folder = ProcessInfo.processInfo.environment["DQN_RECORD_ONNX"].map { URL(filePath: $0) }
        for (index, architecture) in try Self.all().enumerated() {
            let policy = try Self.policy(architecture)
            let graph = try Self.graph(try policy.contents(.onnx, choosesAction: true))
            found["\(index)"] = try FileDigest.hexadecimal(of: graph)
            try folder.map {
                try policy.document.checkpoint(policy.parameters).write(to: $0.appending(path: "\(index).h5"))
            }
        }
        if folder != nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try encoder.encode(found).write(to: url)
        }
        #expect(try found == JSONDecoder().decode([String: String].self, from: Data(contentsOf: url)))
    }
}
