import DQNInterchange
import DQNModel
import Foundation
import Testing

/// Graphs that exporters do not write, or seldom: their meaning is kept, or they are refused; they never end the process.
@Suite struct ONNXGraphTests {
    private static let weight = Message.ones("w", [2, 2])

    private static func policy(_ message: Message, _ map: [String] = []) throws -> ForeignPolicy {
        try ForeignPolicy(message.bytes[...], name: "a.onnx", ImportOptions(map: map))
    }

    private static func refusal(_ message: Message, _ map: [String] = []) throws -> String {
        try #require(throws: InterchangeError.self) { try policy(message, map) }.message
    }

    /// A tensor of 64-bit integers.
    private static func integers(_ name: String, _ values: [Int]) -> Message {
        values.reduce(Message().number(1, values.count).number(2, 7).text(8, name)) { $0.number(7, $1) }
    }

    private static func text(_ name: String, _ value: String) -> Message {
        Message().text(1, name).text(4, value).number(20, 3)
    }

    @Test func axesOfValuesWithoutAxesAreRefused() throws {
        let squeezed = Message.node("Squeeze", ["x"], ["s"])
        for (operation, axes) in [
            ("Softmax", Message.integer("axis", 0)), ("ArgMax", .integer("axis", 0)),
            ("ReduceMean", .integers("axes", [0])),
            ("LayerNormalization", .integer("axis", -1)), ("Squeeze", .integers("axes", [0])),
        ] {
            let node = Message.node(operation, ["s", "w"], ["y"], [axes])
            let message = try Self.refusal(.model([squeezed, node], [Self.weight], input: [1, 1], opset: 11))
            #expect(message.contains("0 axes"), "\(operation): \(message)")
        }
        let gather = Message.node("Gather", ["s", "i"], ["y"], [.integer("axis", 0)])
        #expect(
            try Self.refusal(.model([squeezed, gather], [Self.integers("i", [0])], input: [1, 1])).contains("0 axes"))
    }

    @Test func outputsOfLayersHaveABound() throws {
        let pads = Message.integers("pads", [1 << 20, 1 << 20, 1 << 20, 1 << 20])
        let model = Message.model(
            [.node("Conv", ["x", "w"], ["y"], [pads])], [.ones("w", [64, 1, 1, 1])], input: [1, 1, 4, 4])
        #expect(try Self.refusal(model).contains("impossible shape"))
        let slice = Message.node(
            "Slice", ["h"], ["y"], [.integers("axes", [2]), .integers("starts", [1]), .integers("ends", [1 << 30])])
        let pad = Message.node("Conv", ["x", "w"], ["h"], [.integers("pads", [1 << 20, 0, 1 << 20, 0])])
        let sliced = Message.model([pad, slice], [.ones("w", [1, 1, 1, 1])], input: [1, 1, 4, 4], opset: 9)
        #expect(try Self.refusal(sliced).contains("far more numbers"))
    }

    @Test func constantsAreNotRepeatedWrongly() throws {
        for (target, words) in [
            ([1, 3], "repeats a constant"), ([3, 1 << 62], "impossible shape"), ([1 << 62, 4], "the form"),
            ([2, 1], "the form"),
            ([-1, 1], "the form"),
        ] {
            let model = Message.model(
                [
                    .node("Expand", ["c", "s"], ["e"]), .node("Add", ["x", "e"], ["h"]),
                    .node("MatMul", ["h", "w"], ["y"]),
                ],
                [.ones("c", [3, 1]), Self.integers("s", target), .ones("w", [3, 2])], input: [1, 3])
            let message = try Self.refusal(model)
            #expect(message.contains(words), "\(target): \(message)")
        }
        let model = Message.model(
            [
                .node("MatMul", ["x", "w"], ["h"]), .node("Expand", ["c", "s"], ["e"]),
                .node("Add", ["h", "e"], ["y"]),
            ],
            [Self.weight, .ones("c", [2]), Self.integers("s", [1, 1])])
        #expect(try Self.policy(model).network.parameters == [1, 1, 1, 1, 1, 1])
    }

    /// Rows that become columns are another image than channels that become the last axis.
    @Test func onlyChannelsMove() throws {
        func model(_ permutation: [Int], input: [Int], kernel: [Int]) -> Message {
            .model(
                [
                    .node("Transpose", ["x"], ["t"], [.integers("perm", permutation)]),
                    .node("Conv", ["t", "k"], ["c"]), .node("Flatten", ["c"], ["f"]), .node("Gemm", ["f", "w"], ["y"]),
                ], [.ones("k", [1, 3] + kernel), .ones("w", [1, 2])], input: input)
        }
        let policy = try Self.policy(model([0, 3, 1, 2], input: [1, 4, 5, 3], kernel: [4, 5]))
        #expect(policy.network.architecture.input.shape == [3, 4, 5])
        for (permutation, input) in [
            ([0, 3, 2, 1], [1, 5, 4, 3]), ([0, 1, 3, 2], [1, 3, 5, 4]), ([0, 2, 3, 1], [1, 5, 3, 4]),
        ] {
            let message = try Self.refusal(model(permutation, input: input, kernel: [4, 5]))
            #expect(message.contains("exchanged"), "\(permutation): \(message)")
        }
    }

    /// The shape that a setting gives is channels, rows and columns, whatever the order in the graph.
    @Test func openExtentsAreSetWithTheChannelsFirst() throws {
        func model(_ shape: [Int], turns: Bool) -> Message {
            // An extent of −1 is written as a name.
            let axes = shape.reduce(Message()) {
                $0.message(1, $1 < 0 ? Message().text(2, "n") : Message().number(1, $1))
            }
            let port = Message().text(1, "x").message(
                2, Message().message(1, Message().number(1, 1).message(2, axes)))
            let turn = Message.node("Transpose", ["x"], ["t"], [.integers("perm", [0, 3, 1, 2])])
            let nodes: [Message] =
                (turns ? [turn] : []) + [
                    .node("Conv", [turns ? "t" : "x", "k"], ["c"]), .node("Flatten", ["c"], ["f"]),
                    .node("Gemm", ["f", "w"], ["y"]),
                ]
            var graph = nodes.reduce(Message()) { $0.message(1, $1) }
            graph = graph.message(5, .ones("k", [1, 3, 4, 5])).message(5, .ones("w", [1, 2])).message(11, port)
                .message(12, .port("y", [1, 2]))
            return Message().number(1, 7).message(7, graph).message(8, Message().number(2, 13))
        }
        for (shape, turns) in [
            ([-1, -1, -1, 3], true), ([-1, -1, -1, -1], true), ([-1, 3, -1, -1], false), ([-1, -1, -1, -1], false),
        ] {
            let policy = try Self.policy(model(shape, turns: turns), ["input=3x4x5"])
            #expect(policy.network.architecture.input.shape == [3, 4, 5], "\(shape)")
        }
        #expect(try Self.refusal(model([-1, 3, -1, -1], turns: false), ["input=4x5x6"]).contains("--map input"))
        #expect(try Self.refusal(model([-1, -1, -1, 3], turns: true)).contains("input=CxHxW"))
    }

    @Test func paddingsAreNotLost() throws {
        let pad = Message.node("Pad", ["x", "p"], ["h"])
        let pads = Self.integers("p", [0, 0, 1, 1, 0, 0, 1, 1])
        for kind in ["SAME_UPPER", "SAME_LOWER"] {
            let convolution = Message.node("Conv", ["h", "w"], ["y"], [Self.text("auto_pad", kind)])
            let message = try Self.refusal(
                .model([pad, convolution], [.ones("w", [1, 1, 1, 1]), pads], input: [1, 1, 4, 4]))
            #expect(message.contains("padded already"), "\(kind): \(message)")
        }
        for node in [
            Message.node("Reshape", ["h", "s"], ["r"]), .node("Flatten", ["h"], ["r"]),
            .node("Transpose", ["h"], ["r"], [.integers("perm", [0, 1, 3, 2])]),
        ] {
            let model = Message.model(
                [pad, node, .node("Conv", ["r", "w"], ["y"])],
                [.ones("w", [1, 1, 1, 1]), pads, Self.integers("s", [1, 1, 4, 9])], input: [1, 1, 4, 4])
            #expect(try Self.refusal(model).contains("padded image"))
        }
    }

    /// A layer normalisation takes both means over the same elements.
    @Test func meansOfSquaresAreOfAllElements() throws {
        func model(_ axes: [Int], exponent: Message) -> Message {
            .model(
                [
                    .node("MatMul", ["x", "w"], ["a"]), .node("Reshape", ["a", "s"], ["h"]),
                    .node("ReduceMean", ["h"], ["m"], [.integers("axes", [1, 2])]), .node("Sub", ["h", "m"], ["c"]),
                    .node("Pow", ["c", "e"], ["q"]), .node("ReduceMean", ["q"], ["v"], [.integers("axes", axes)]),
                    .node("Add", ["v", "small"], ["z"]), .node("Sqrt", ["z"], ["d"]), .node("Div", ["c", "d"], ["n"]),
                    .node("Flatten", ["n"], ["f"]), .node("MatMul", ["f", "w"], ["y"]),
                ],
                [
                    .ones("w", [4, 4]), Self.integers("s", [-1, 2, 2]), exponent,
                    Message().number(2, 1).text(8, "small").message(9, Message(bytes: [0xac, 0xc5, 0x27, 0x37])),
                ], input: [1, 4], opset: 13)
        }
        let two = Self.integers("e", [2])
        let layers = try Self.policy(model([1, 2], exponent: two)).network.architecture.trunk.map(\.kind)
        #expect(layers.contains { if case .layerNorm = $0 { true } else { false } })
        #expect(try Self.refusal(model([2], exponent: two)).contains("mean of squares"))
        #expect(throws: InterchangeError.self) {
            try Self.policy(model([1, 2], exponent: Self.integers("e", [2, 3])))
        }
        let powers = Message.model(
            [.node("Pow", ["w", "e"], ["p"]), .node("MatMul", ["x", "p"], ["y"])],
            [Self.weight, Self.integers("e", [2, 3])])
        #expect(try Self.refusal(powers).contains("exponents"))
    }

    /// The order of operands changes no sum.
    @Test func streamsAreAddedInEitherOrder() throws {
        let tensors = [Message.ones("v", [2, 1]), .ones("a", [2, 3])]
        let streams = [Message.node("MatMul", ["x", "v"], ["V"]), .node("MatMul", ["x", "a"], ["A"])]
        let mean = Message.node("ReduceMean", ["A"], ["m"], [.integers("axes", [1])])
        for operands in [["A", "V"], ["V", "A"]] {
            let sum = Message.node("Add", operands, ["y"])
            let policy = try Self.policy(.model(streams + [sum], tensors))
            #expect(policy.network.parameters == [2, 2, 2, 2, 2, 2, 0, 0, 0])
            let centred = [Message.node("Add", operands, ["s"]), mean, .node("Sub", ["s", "m"], ["y"])]
            let dueling = try Self.policy(.model(streams + centred, tensors)).network.architecture
            if case .dueling = dueling.head {} else { Issue.record("\(operands): \(dueling.head)") }
        }
        #expect(try Self.refusal(.model(streams + [.node("Add", ["A", "A"], ["y"])], tensors)).contains("residual"))
    }

    /// What is kept for each node counts, though the file has it once.
    @Test func whatNodesKeepIsBounded() throws {
        let deep = Message.model(
            (0..<4000).map { .node("MatMul", [$0 == 0 ? "x" : "h\($0)", "w"], [$0 == 3999 ? "y" : "h\($0 + 1)"]) },
            [.ones("w", [1, 1])], input: [1, 1])
        #expect(try Self.refusal(deep).contains("far more numbers"))
        func repeated(_ operation: String, _ inputs: (Int) -> [String], _ shape: [Int]) -> Message {
            .model(
                [.node("Conv", ["x", "k"], ["h0"]), .node("Relu", ["h0"], ["r0"])]
                    + (0..<2000).map { .node(operation, inputs($0), [$0 == 1999 ? "y" : "r\($0 + 1)"]) },
                [.ones("k", [20_000, 1, 1, 1]), .ones("c", shape)], input: [1, 1, 2, 2])
        }
        #expect(try Self.refusal(repeated("Add", { ["r\($0)", "c"] }, [20_000, 1, 1])).contains("far more numbers"))
        #expect(try Self.refusal(repeated("Mul", { _ in ["r0", "c"] }, [20_000, 1, 1])).contains("far more numbers"))
        // An ordinary deep network stays within what its file allows.
        let ordinary = Message.model(
            (0..<400).map { index in
                .node(
                    index % 2 == 0 ? "MatMul" : "Relu", index % 2 == 0 ? ["h\(index)", "w\(index)"] : ["h\(index)"],
                    ["h\(index + 1)"])
            } + [.node("MatMul", ["h400", "w400"], ["y"])],
            stride(from: 0, through: 400, by: 2).map { .ones("w\($0)", [16, 16]) }, input: [1, 16]
        ) {
            $0.message(1, .node("Identity", ["x"], ["h0"]))
        }
        #expect(try Self.policy(ordinary).network.architecture.trunk.count == 200)
    }

    @Test func manyOutputsAndInputsAreNotCompared() throws {
        func fields(_ number: Int, _ names: [String]) -> [UInt8] {
            names.flatMap { Message().message(number, .port($0, [1, 2])).bytes }
        }
        let outputs = Message.model([.node("Gemm", ["x", "w"], ["y"])], [Self.weight]) { graph in
            Message(bytes: graph.bytes + fields(12, [String](repeating: "y", count: 10_000)))
        }
        #expect(try Self.refusal(outputs).contains("choose one"))
        #expect(try Self.policy(outputs, ["network=y"]).network.parameters.count == 6)
        let names = (0..<20_000).map { "p\($0)" }
        let node = Message(bytes: names.flatMap { Message().text(1, $0).bytes }).text(2, "y").text(4, "Concat")
        let inputs = Message.model([node], []) { Message(bytes: $0.bytes + fields(11, names)) }
        #expect(try Self.refusal(inputs).contains("several inputs"))
    }
}
