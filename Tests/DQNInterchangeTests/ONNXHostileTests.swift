import DQNInterchange
import DQNModel
import Foundation
import Testing

/// Writes models that no exporter would write.
struct Message {
    var bytes: [UInt8] = []

    private mutating func variable(_ value: Int) {
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    func number(_ field: Int, _ value: Int) -> Message {
        var result = self
        result.variable(field << 3)
        result.variable(value)
        return result
    }

    func message(_ field: Int, _ contents: Message) -> Message {
        var result = self
        result.variable(field << 3 | 2)
        result.variable(contents.bytes.count)
        result.bytes += contents.bytes
        return result
    }

    func text(_ field: Int, _ text: String) -> Message { message(field, Message(bytes: Array(text.utf8))) }

    static func node(
        _ operation: String, _ inputs: [String], _ outputs: [String], domain: String = "", _ attributes: [Message] = []
    ) -> Message {
        var node = Message()
        for input in inputs { node = node.text(1, input) }
        for output in outputs { node = node.text(2, output) }
        node = node.text(4, operation).text(7, domain)
        return attributes.reduce(node) { $0.message(5, $1) }
    }

    static func integer(_ name: String, _ value: Int) -> Message {
        Message().text(1, name).number(3, value).number(20, 2)
    }

    static func integers(_ name: String, _ values: [Int]) -> Message {
        values.reduce(Message().text(1, name)) { $0.number(8, $1) }.number(20, 7)
    }

    /// A tensor of ones in binary32.
    static func ones(_ name: String, _ shape: [Int], count: Int? = nil) -> Message {
        let count = count ?? shape.reduce(1, *)
        let one: [UInt8] = [0, 0, 0x80, 0x3f]
        return shape.reduce(Message()) { $0.number(1, $1) }.number(2, 1).text(8, name)
            .message(9, Message(bytes: (0..<count).flatMap { _ in one }))
    }

    static func port(_ name: String, _ shape: [Int]) -> Message {
        let axes = shape.reduce(Message()) { $0.message(1, Message().number(1, $1)) }
        return Message().text(1, name).message(2, Message().message(1, Message().number(1, 1).message(2, axes)))
    }

    /// A model of nodes that take `x` and give `y`.
    static func model(
        _ nodes: [Message], _ tensors: [Message], input: [Int] = [1, 2], opset: Int = 13,
        change: (Message) -> Message = { $0 }
    ) -> Message {
        var graph = nodes.reduce(Message()) { $0.message(1, $1) }
        graph = tensors.reduce(graph) { $0.message(5, $1) }.message(11, port("x", input)).message(
            12, port("y", [1, 2]))
        return Message().number(1, 7).message(7, change(graph)).message(8, Message().number(2, opset))
    }
}

@Suite struct ONNXHostileTests {
    private static func failure(_ message: Message, _ map: [String] = []) throws -> InterchangeError {
        try #require(throws: InterchangeError.self) {
            try ForeignPolicy(message.bytes[...], name: "a.onnx", ImportOptions(map: map))
        }
    }

    private static let gemm = Message.node("Gemm", ["x", "w"], ["y"])
    private static let weight = Message.ones("w", [2, 2])

    @Test func aPlainModelIsRead() throws {
        let model = Message.model([Self.gemm], [Self.weight])
        let policy = try ForeignPolicy(model.bytes[...], name: "a", ImportOptions())
        #expect(policy.network.parameters == [1, 1, 1, 1, 0, 0])
    }

    @Test func operatorsThatDoNotExistHereAreNamed() throws {
        let hidden = Message.node("Gemm", ["x", "w"], ["h"])
        let subgraph = Message().text(1, "then_branch").message(6, Message()).number(20, 5)
        let cases: [(Message, String)] = [
            (.node("LeakyRelu", ["h"], ["y"]), "(LeakyRelu)"), (.node("If", ["h"], ["y"], [subgraph]), "subgraph"),
            (.node("LSTM", ["h"], ["y"]), "(LSTM)"), (.node("QLinearMatMul", ["h"], ["y"]), "(QLinearMatMul)"),
            (.node("DequantizeLinear", ["h"], ["y"]), "(DequantizeLinear)"),
            (.node("RandomNormalLike", ["h"], ["y"]), "(RandomNormalLike)"),
            (.node("Gelu", ["h"], ["y"], domain: "com.microsoft"), "'com.microsoft'"),
            (.node("Relu", ["h"], ["y"], [.integer("depth", 2)]), "'depth'"),
            (.node("Add", ["h", "x"], ["y"]), "adds outputs"), (.node("Mul", ["h", "x"], ["y"]), "combines"),
            (.node("Concat", ["h", "x"], ["y"], [.integer("axis", 1)]), "joins"),
            (.node("MatMul", ["h", "x"], ["y"]), "attention"),
            (.node("Gemm", ["h", "x"], ["y"]), "from the observation"),
            (.node("Reshape", ["h", "h"], ["y"]), "form"),
            (.node("Squeeze", ["h"], ["y"], [.integers("axes", [1])]), "several elements"),
            (.node("Gather", ["x", "i"], ["y"], [.integer("axis", 1)]), "no list of integers"),
        ]
        for (node, words) in cases {
            let error = try Self.failure(.model([hidden, node], [Self.weight, .ones("i", [1])]))
            #expect(error.message.contains(words), "\(words): \(error.message)")
        }
    }

    @Test func graphsThatAreNoneAreRefused() throws {
        let identity = Message.node("Identity", ["x"], ["y"])
        let cases: [(Message, String)] = [
            (.model([.node("Relu", ["a"], ["b"]), .node("Relu", ["b"], ["a"]), Self.gemm], [Self.weight]), "cycle"),
            (.model([.node("Relu", ["y"], ["y"])], []), "cycle"),
            (.model([Self.gemm, Self.gemm], [Self.weight]), "'y' twice"),
            (.model([Self.gemm], [Self.weight, Self.weight]), "'w' twice"),
            (.model([.node("Gemm", ["x", "none"], ["y"])], []), "'none'"), (.model([identity], []), "no network"),
            (.model([], []), "'y'"), (.model([Self.gemm], [Self.weight], opset: 6), "opset"),
            (.model([Self.gemm], [Self.weight], opset: 1 << 40), "opset"),
            (.model([Self.gemm], [Self.weight], input: [1, 3]), "is given [N, 3]"),
            (.model([Self.gemm], [Self.weight], input: [1, 1 << 40, 1 << 40]), "impossible shape"),
            (.model([Self.gemm], [Self.weight], input: [1, 1 << 26]), "elements"),
            (.model([Self.gemm], [.ones("w", [2, 2], count: 3)]), "has 12 bytes"),
            (.model([Self.gemm], [.ones("w", [1 << 40, 1 << 40], count: 1)]), "impossible shape"),
            (.model([Self.gemm], [.ones("w", [-2, -2], count: 4)]), "impossible shape"),
            (.model([Self.gemm], [Self.weight.number(14, 1)]), "another file"),
            (.model([Self.gemm], [Self.weight.message(13, Message().text(1, "location"))]), "another file"),
            (.model([Self.gemm], [Message().number(1, 2).number(2, 8).text(8, "w").text(6, "a")]), "strings"),
            (.model([Self.gemm], [Message().number(1, 2).number(2, 22).text(8, "w")]), "int4"),
            (.model([Self.gemm], [Self.weight]) { $0.message(15, Message()) }, "sparse"),
            (.model([Self.gemm], [Self.weight]).message(25, Message().text(1, "f")), "functions"),
            (.model([Self.gemm], [Self.weight]).message(7, Message()), "two graphs"),
        ]
        for (index, (message, words)) in cases.enumerated() {
            let error = try Self.failure(message)
            #expect(error.message.contains(words), "\(index) \(words): \(error.message)")
        }
        #expect(try Self.failure(.model([Self.gemm], [Self.weight]), ["network=z"]).message.contains("'z'"))
        #expect(
            try Self.failure(.model([Self.gemm], [Self.weight]), ["layers.0.stride=2"]).message.contains("leave out"))
    }

    /// What a short file repeats may not become large.
    @Test func repetitionIsBounded() throws {
        let large = Message.ones("w", [500, 500])
        var chain = Message.model(
            (0..<4000).map { .node("MatMul", [$0 == 0 ? "x" : "h\($0)", "w"], [$0 == 3999 ? "y" : "h\($0 + 1)"]) },
            [large],
            input: [1, 500])
        #expect(try Self.failure(chain).message.contains("far more numbers"))
        chain = .model(
            (0..<4000).map { .node("Transpose", [$0 == 0 ? "w" : "h\($0)"], ["h\($0 + 1)"]) }
                + [.node("MatMul", ["x", "h4000"], ["y"])], [large], input: [1, 500])
        #expect(try Self.failure(chain).message.contains("far more numbers"))
        chain = .model(
            (0..<60_000).map { .node("Identity", [$0 == 0 ? "x" : "h\($0)"], [$0 == 59_999 ? "h" : "h\($0 + 1)"]) }
                + [.node("Gemm", ["h", "w"], ["y"])], [Self.weight])
        #expect(try ForeignPolicy(chain.bytes[...], name: "a", ImportOptions()).network.parameters.count == 6)
        #expect(
            try Self.failure(.model((0..<70_000).map { .node("Identity", ["x"], ["h\($0)"]) }, [])).message
                .contains("more than 65536 nodes"))
        let shape = Message.node("ConstantOfShape", ["s"], ["w"])
        let sizes = Message().number(1, 2).number(2, 7).text(8, "s").number(7, 40_000).number(7, 40_000)
        #expect(
            try Self.failure(.model([shape, Self.gemm], [sizes], input: [1, 40_000])).message.contains(
                "far more numbers"))
    }

    /// Damage ends in a network or in an error; never in a crash.
    @Test func damageIsAnError() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ONNXImportTests.folder.path).sorted()
            .filter { $0.hasSuffix(".onnx") }
        #expect(names.count > 30)
        var generator = RandomGenerator(seed: 9)
        for name in names {
            let original = [UInt8](try Data(contentsOf: ONNXImportTests.folder.appending(path: name)))
            for _ in 0..<12 {
                var bytes = original
                for _ in 0..<(1 + Int(generator.uniform(in: 0..<3))) {
                    bytes[Int(generator.uniform(in: 0..<Double(bytes.count)))] = UInt8(generator.uniform(in: 0..<256))
                }
                if generator.uniform() < 0.2 { bytes.removeLast(Int(generator.uniform(in: 0..<Double(bytes.count)))) }
                do throws(InterchangeError) {
                    _ = try ForeignPolicy(bytes[...], name: "a.onnx", try ImportOptions())
                } catch {
                    #expect(!error.message.isEmpty)
                }
            }
        }
    }
}
