internal import DQNModel

/// Reads safetensors files: a JSON header, then the tensors without gaps.
enum Safetensors {
    /// The most bytes of a header, as in the format's own library.
    private static let headerLimit = 100_000_000

    /// Whether bytes begin as safetensors files do.
    static func isFile(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count > 9 else { return false }
        let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return bytes[bytes.startIndex + 8] == UInt8(ascii: "{") && length >= 2 && length <= UInt64(bytes.count - 8)
    }

    /// Reads all tensors, and the description of a policy that this library exported. Ranges that overlap, leave gaps or end before or behind the file are refused.
    ///
    /// - Throws: ``InterchangeError``: `malformed` or `notRepresentable`.
    static func read(
        _ bytes: ArraySlice<UInt8>, _ name: String
    ) throws(InterchangeError) -> (value: ForeignValue, description: [UInt8]?) {
        var reader = ByteReader(bytes, name)
        let length = try reader.count(8)
        guard length <= headerLimit else { throw .malformed("\(name) has a header of \(length) bytes.") }
        let header: JSONValue
        let text = Array(try reader.take(length))
        do { header = try JSONText.value(of: text, valueLimit: 1 << 20) } catch {
            throw .malformed("The header of \(name) cannot be read: \(error).")
        }
        guard case .object(let members) = header else { throw .malformed("The header of \(name) is no object.") }
        let contents = try reader.take(reader.remaining)
        var entries: [(range: Range<Int>, key: String, tensor: ForeignTensor)] = []
        guard members.count <= ForeignLimit.tensors else {
            throw .malformed("\(name) has \(members.count) tensors; at most \(ForeignLimit.tensors) are allowed.")
        }
        for (key, value) in members where key != "__metadata__" {
            guard key.utf8.count <= ForeignLimit.nameBytes else { throw .tooLong(key, name) }
            entries.append(try entry(key, value, contents, name))
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.key) < ($1.range.lowerBound, $1.range.upperBound, $1.key)
        }
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                throw .malformed("'\(entry.key)' of \(name) overlaps another tensor, or there is a gap before it.")
            }
            end = entry.range.upperBound
        }
        guard end == contents.count else {
            throw .malformed("\(name) has \(contents.count - end) bytes behind its tensors.")
        }
        // The format keeps no order but that of the bytes, which writers sort by name or by alignment.
        let tensors = entries.sorted { NaturalOrder.precedes($0.key, $1.key) }
        let description = members["__metadata__"]?[PolicyExport.descriptionKey]?.stringValue
        return (.dictionary(tensors.map { ($0.key, .tensor($0.tensor)) }), description.map { Array($0.utf8) })
    }

    private static func entry(
        _ key: String, _ value: JSONValue, _ contents: ArraySlice<UInt8>, _ name: String
    ) throws(InterchangeError) -> (range: Range<Int>, key: String, tensor: ForeignTensor) {
        guard let type = value["dtype"]?.stringValue, case .array(let extents)? = value["shape"],
            case .array(let offsets)? = value["data_offsets"], offsets.count == 2,
            let start = offsets[0].integerValue, let end = offsets[1].integerValue
        else { throw .malformed("'\(key)' of \(name) lacks a type, a shape or offsets.") }
        let shape = extents.compactMap(\.integerValue)
        guard shape.count == extents.count, 0 <= start, start <= end, end <= contents.count else {
            throw .malformed("'\(key)' of \(name) lies outside the file.")
        }
        guard let element = elements[type] else {
            throw .notRepresentable("'\(key)' of \(name) has the type '\(type)', which is not supported.")
        }
        let bytes = contents[(contents.startIndex + start)..<(contents.startIndex + end)]
        return (start..<end, key, try ForeignTensor(element, shape, bytes, "'\(key)' of \(name)"))
    }

    private static let elements: [String: ForeignTensor.Element] = [
        "F16": .float16, "BF16": .bfloat16, "F32": .float32, "F64": .float64, "I8": .int8, "U8": .uint8,
        "I16": .int16, "U16": .uint16, "I32": .int32, "U32": .uint32, "I64": .int64, "U64": .uint64, "BOOL": .bool,
    ]
}
