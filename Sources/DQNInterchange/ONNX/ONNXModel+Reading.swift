internal import DQNModel

extension ONNXModel {
    private typealias Field = ProtocolBufferReader.Field

    /// Whether bytes begin as models do: with a version of the format, from 1 to 127, then one of the model's fields.
    static func isModel(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count > 4, bytes[bytes.startIndex] == 0x08 else { return false }
        let next = bytes[bytes.startIndex + 2]
        // producer_name, producer_version, domain, model_version, doc_string, graph, opset_import, metadata_props
        return (1..<0x80).contains(bytes[bytes.startIndex + 1])
            && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72].contains(next)
    }

    /// Reads a model. Functions, sparse tensors, external data and several opsets of one domain are refused.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    init(_ bytes: ArraySlice<UInt8>, _ file: String) throws(InterchangeError) {
        var graph: ArraySlice<UInt8>?
        var opsets: [String: Int] = [:]
        var reader = ProtocolBufferReader(bytes, file)
        while let field = try reader.next() {
            switch field.number {
            case 7:
                guard graph == nil else { throw .malformed("\(file) has two graphs.") }
                graph = try field.bytes()
            case 8:
                let (domain, version) = try Self.opset(try field.bytes(), file)
                guard opsets.updateValue(version, forKey: domain == "ai.onnx" ? "" : domain) == nil else {
                    throw .malformed("\(file) names two versions of the operators of \(domain.quoted).")
                }
            case 14:
                let (key, value) = try Self.entry(try field.bytes(), file)
                guard metadata.updateValue(value, forKey: key) == nil else {
                    throw .malformed("\(file) has the property \(key.quoted) twice.")
                }
            case 25:
                throw .notRepresentable(
                    "\(file) defines functions of its own; export it with its functions inlined, such as by "
                        + "onnx.inliner.inline_local_functions.")
            default: break
            }
        }
        guard let graph else { throw .malformed("\(file) has no graph; it is no ONNX model, or it is cut off.") }
        guard let version = opsets[""], Limit.opsets.contains(version) else {
            throw .notRepresentable(
                "\(file) has operators of version \(opsets[""].map(String.init) ?? "none"); export it with an opset from "
                    + "\(Limit.opsets.lowerBound) to \(Limit.opsets.upperBound), such as opset_version=17.")
        }
        opset = version
        try readGraph(graph, file)
    }

    private static func opset(
        _ bytes: ArraySlice<UInt8>, _ file: String
    ) throws(InterchangeError) -> (domain: String, version: Int) {
        var result = ("", 0)
        var reader = ProtocolBufferReader(bytes, "The version of operators of \(file)")
        while let field = try reader.next() {
            if field.number == 1 { result.0 = try field.text() }
            if field.number == 2 { result.1 = try field.integer() }
        }
        return result
    }

    private static func entry(
        _ bytes: ArraySlice<UInt8>, _ file: String
    ) throws(InterchangeError) -> (key: String, value: String) {
        var result = ("", "")
        var reader = ProtocolBufferReader(bytes, "A property of \(file)")
        while let field = try reader.next() {
            if field.number == 1 { result.0 = try field.text() }
            if field.number == 2 { result.1 = try field.text() }
        }
        return result
    }

    private mutating func readGraph(_ bytes: ArraySlice<UInt8>, _ file: String) throws(InterchangeError) {
        var reader = ProtocolBufferReader(bytes, "The graph of \(file)")
        while let field = try reader.next() {
            switch field.number {
            case 1:
                guard nodes.count < Limit.nodes else {
                    throw .malformed("The graph of \(file) has more than \(Limit.nodes) nodes.")
                }
                nodes.append(try Self.node(try field.bytes(), file))
            case 5:
                let (name, tensor) = try ONNXTensor.named(try field.bytes(), file)
                guard tensors.updateValue(tensor, forKey: name) == nil else {
                    throw .malformed("The graph of \(file) has the tensor \(name.quoted) twice.")
                }
            case 11: inputs.append(try Self.port(try field.bytes(), file))
            case 12: outputs.append(try Self.port(try field.bytes(), file))
            case 15:
                throw .notRepresentable("\(file) has sparse tensors; export it with dense ones.")
            default: break
            }
        }
        // Models of older versions list their tensors as inputs too.
        inputs.removeAll { tensors[$0.name] != nil }
        var names = Set(tensors.keys)
        let produced = inputs.map(\.name) + nodes.flatMap { $0.outputs.filter { !$0.isEmpty } }
        for name in produced where !names.insert(name).inserted {
            throw .malformed("The graph of \(file) has the value \(name.quoted) twice.")
        }
    }

    private static func node(_ bytes: ArraySlice<UInt8>, _ file: String) throws(InterchangeError) -> Node {
        var node = Node()
        var reader = ProtocolBufferReader(bytes, "A node of \(file)")
        while let field = try reader.next() {
            switch field.number {
            case 1: node.inputs.append(try field.text())
            case 2: node.outputs.append(try field.text())
            case 3: node.name = try field.text()
            case 4: node.operation = try field.text()
            case 5:
                let (name, attribute) = try attribute(try field.bytes(), file)
                guard node.attributes.updateValue(attribute, forKey: name) == nil else {
                    throw .malformed("A node of \(file) has the attribute \(name.quoted) twice.")
                }
            case 7: node.domain = try field.text()
            default: break
            }
        }
        return node
    }

    private static func attribute(
        _ bytes: ArraySlice<UInt8>, _ file: String
    ) throws(InterchangeError) -> (name: String, value: Attribute) {
        let words = "An attribute of a node of \(file)"
        var name = ""
        var value = Attribute.other("nothing")
        var (kind, integers, floats) = (0, [Int](), [UInt8]())
        var reader = ProtocolBufferReader(bytes, words)
        while let field = try reader.next() {
            switch field.number {
            case 1: name = try field.text()
            case 2: value = .float(try field.float())
            case 3: value = .integer(try field.integer())
            case 4:
                value = .other("bytes")
                if let text = String(validating: try field.bytes(), as: UTF8.self) { value = .text(text) }
            case 5: value = .tensor(try ONNXTensor.named(try field.bytes(), file).tensor)
            case 6, 11: value = .other("a subgraph")
            case 7: try field.appendWords(of: 4, to: &floats)
            case 8: try field.appendIntegers(to: &integers)
            case 9, 10, 14, 15, 22, 23: value = .other("a list, a type or a sparse tensor")
            case 20: kind = try field.integer()
            case 21: value = .other("a reference to an attribute of a function")
            default: break
            }
        }
        // Protocol buffers leave out zeros and empty lists in some writers.
        switch (kind, value) {
        case (1, .other("nothing")): value = .float(0)
        case (2, .other("nothing")): value = .integer(0)
        case (3, .other("nothing")): value = .text("")
        case (6, _): value = .floats(floats)
        case (7, _): value = .integers(integers)
        default: break
        }
        return (name, value)
    }

    private static func port(_ bytes: ArraySlice<UInt8>, _ file: String) throws(InterchangeError) -> Port {
        var port = Port()
        var reader = ProtocolBufferReader(bytes, "An input or output of \(file)")
        while let field = try reader.next() {
            if field.number == 1 { port.name = try field.text() }
            guard field.number == 2 else { continue }
            var type = ProtocolBufferReader(try field.bytes(), "The type of \(port.name.quoted) of \(file)")
            // Sequences, maps and optional values keep the element 0, which is no tensor.
            while let kind = try type.next() {
                guard kind.number == 1 else { continue }
                try readTensorType(try kind.bytes(), &port, file)
            }
        }
        return port
    }

    private static func readTensorType(
        _ bytes: ArraySlice<UInt8>, _ port: inout Port, _ file: String
    ) throws(InterchangeError) {
        var reader = ProtocolBufferReader(bytes, "The type of \(port.name.quoted) of \(file)")
        while let field = try reader.next() {
            if field.number == 1 { port.element = try field.integer() }
            guard field.number == 2 else { continue }
            var shape: [Int?] = []
            var axes = ProtocolBufferReader(try field.bytes(), "The shape of \(port.name.quoted) of \(file)")
            while let axis = try axes.next() {
                guard axis.number == 1 else { continue }
                var extent: Int?
                var dimension = ProtocolBufferReader(
                    try axis.bytes(), "The shape of \(port.name.quoted) of \(file)")
                while let part = try dimension.next() { if part.number == 1 { extent = try part.integer() } }
                // Some writers mark an open extent with 0 or -1.
                if let number = extent, number <= 0 { extent = nil }
                shape.append(extent)
            }
            guard shape.count <= 8 else {
                throw .malformed("\(port.name.quoted) of \(file) has \(shape.count) axes; at most 8 are allowed.")
            }
            port.shape = shape
        }
    }
}
