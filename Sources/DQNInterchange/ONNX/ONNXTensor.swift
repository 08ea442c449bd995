internal import DQNModel

/// A tensor of a model: an initialiser or the value of a node.
struct ONNXTensor {
    /// The types by their numbers; others are refused by their names.
    private static let elements: [Int: ForeignTensor.Element] = [
        1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16,
        11: .float64, 12: .uint32, 13: .uint64, 16: .bfloat16,
    ]
    private static let otherNames: [Int: String] = [
        8: "strings", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
        20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
    ]

    /// The elements, or why they cannot be read. A tensor that the network does not need may be anything.
    let contents: Result<ForeignTensor, InterchangeError>

    /// Reads a tensor and its name.
    ///
    /// - Throws: ``InterchangeError`` (`malformed`).
    static func named(
        _ bytes: ArraySlice<UInt8>, _ file: String
    ) throws(InterchangeError) -> (name: String, tensor: ONNXTensor) {
        var name = ""
        var shape: [Int] = []
        var kind = 0
        var (words32, words64, integers) = ([UInt8](), [UInt8](), [Int]())
        var raw: ArraySlice<UInt8>?
        var isExternal = false
        var isSegment = false
        var reader = ProtocolBufferReader(bytes, "A tensor of \(file)")
        while let field = try reader.next() {
            switch field.number {
            case 1: try field.appendIntegers(to: &shape)
            case 2: kind = try field.integer()
            case 3: isSegment = true
            case 4: try field.appendWords(of: 4, to: &words32)
            case 5, 7, 11: try field.appendIntegers(to: &integers)
            case 8: name = try field.text()
            case 9: raw = try field.bytes()
            case 10: try field.appendWords(of: 8, to: &words64)
            case 13: isExternal = true
            case 14: isExternal = try field.integer() != 0 || isExternal
            default: break
            }
        }
        let words = "The tensor \(name.quoted) of \(file)"
        func failed(_ error: InterchangeError) -> (String, ONNXTensor) { (name, ONNXTensor(contents: .failure(error))) }
        if isExternal {
            return failed(
                .notRepresentable(
                    "\(words) lies in another file, which is not read; save the model in one file, such as by "
                        + "onnx.save_model(model, path, save_as_external_data=False)."))
        }
        if isSegment { return failed(.notRepresentable("\(words) is a segment of a larger tensor.")) }
        guard let element = elements[kind] else {
            let name = otherNames[kind] ?? "elements of the unknown type \(kind)"
            return failed(.notRepresentable("\(words) has \(name); convert the model to float32."))
        }
        do throws(InterchangeError) {
            let count = try ForeignTensor.count(of: shape, words)
            if let raw { return (name, try ONNXTensor(element, shape, raw, words)) }
            if element == .float32 { return (name, try ONNXTensor(element, shape, words32[...], words)) }
            if element == .float64 { return (name, try ONNXTensor(element, shape, words64[...], words)) }
            // Before any memory is taken for them.
            guard integers.count == count else {
                throw .malformed("\(words) has \(integers.count) elements; \(shape) needs \(count).")
            }
            let width = element.byteCount
            let contents = integers.flatMap { number in
                (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            }
            return (name, try ONNXTensor(element, shape, contents[...], words))
        } catch { return failed(error) }
    }

    private init(contents: Result<ForeignTensor, InterchangeError>) { self.contents = contents }

    private init(
        _ element: ForeignTensor.Element, _ shape: [Int], _ bytes: ArraySlice<UInt8>, _ words: String
    ) throws(InterchangeError) {
        contents = .success(try ForeignTensor(element, shape, bytes, words))
    }
}
