/// A message of protocol buffers, such as an ONNX file: fields, of which some are messages again.
struct ProtocolMessage {
    struct Field {
        var number: UInt64
        var value: Value
    }

    indirect enum Value {
        case variable(UInt64)
        case fixed([UInt8])
        case bytes([UInt8])
        case message(ProtocolMessage)
    }

    var fields: [Field] = []

    /// Reads bytes that are completely a plausible message.
    init?(_ bytes: ArraySlice<UInt8>, depth: Int = 0) {
        var rest = bytes
        while !rest.isEmpty {
            guard let key = Self.variable(&rest), (1...1000).contains(key >> 3), fields.count < 10_000 else {
                return nil
            }
            switch key & 7 {
            case 0:
                guard let value = Self.variable(&rest) else { return nil }
                fields.append(Field(number: key >> 3, value: .variable(value)))
            case 1, 5:
                let count = key & 7 == 1 ? 8 : 4
                guard rest.count >= count else { return nil }
                fields.append(Field(number: key >> 3, value: .fixed(Array(rest.prefix(count)))))
                rest = rest.dropFirst(count)
            case 2:
                guard let count = Self.variable(&rest), count <= UInt64(rest.count) else { return nil }
                let body = rest.prefix(Int(count))
                rest = rest.dropFirst(Int(count))
                let isText = body.allSatisfy { (0x20..<0x7F).contains($0) }
                let inner = depth < 8 && !isText && body.count < 1 << 14 ? ProtocolMessage(body, depth: depth + 1) : nil
                fields.append(Field(number: key >> 3, value: inner.map { .message($0) } ?? .bytes(Array(body))))
            default: return nil
            }
        }
    }

    private static func variable(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in 0..<10 {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << UInt64(7 * shift)
            if byte < 0x80 { return value }
        }
        return nil
    }

    private static func variable(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    var bytes: [UInt8] {
        fields.flatMap { field -> [UInt8] in
            let key = field.number << 3
            switch field.value {
            case .variable(let value): return Self.variable(key) + Self.variable(value)
            case .fixed(let bytes): return Self.variable(key | (bytes.count == 8 ? 1 : 5)) + bytes
            case .bytes(let bytes): return Self.variable(key | 2) + Self.variable(UInt64(bytes.count)) + bytes
            case .message(let message):
                let bytes = message.bytes
                return Self.variable(key | 2) + Self.variable(UInt64(bytes.count)) + bytes
            }
        }
    }
}

extension ForeignMutator {
    /// Operators of graphs, some of which readers must refuse.
    private static let operators = [
        "Gemm", "MatMul", "Add", "Relu", "Tanh", "Conv", "Flatten", "Reshape", "Transpose", "Sub", "ReduceMean", "Loop",
        "If",
        "Identity", "Constant", "Mul", "Div", "ArgMax", "MaxPool",
    ]

    mutating func changed(_ message: ProtocolMessage) -> [UInt8] { changedMessage(message).bytes }

    private mutating func changedMessage(_ message: ProtocolMessage) -> ProtocolMessage {
        var result = message
        guard !message.fields.isEmpty else { return message }
        let place = Int.random(in: 0..<message.fields.count, using: &random)
        let messages = message.fields.indices.filter {
            if case .message = message.fields[$0].value { true } else { false }
        }
        if let chosen = messages.randomElement(using: &random), !random.happens(onceIn: 5),
            case .message(let inner) = message.fields[chosen].value
        {
            result.fields[chosen].value = .message(changedMessage(inner))
            return result
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: result.fields.remove(at: place)
        case 1: result.fields.insert(message.fields[place], at: Int.random(in: 0...place, using: &random))
        case 2: result.fields.swapAt(place, Int.random(in: 0..<message.fields.count, using: &random))
        case 3: result.fields[place].number = UInt64.random(in: 1..<24, using: &random)
        default:
            switch message.fields[place].value {
            case .variable(let value): result.fields[place].value = .variable(number(near: value))
            case .fixed(let bytes):
                result.fields[place].value = .fixed(Self.bytes(number(near: Self.number(bytes[...])), bytes.count))
            case .bytes(let bytes):
                let isText = bytes.allSatisfy { (0x20..<0x7F).contains($0) }
                result.fields[place].value = .bytes(
                    isText && Bool.random(using: &random)
                        ? Array((Self.operators.randomElement(using: &random) ?? "").utf8) : changedBytes(bytes))
            case .message(let inner): result.fields[place].value = .bytes(changedBytes(inner.bytes))
            }
        }
        return result
    }
}
