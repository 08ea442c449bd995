internal import DQNModel
internal import Foundation

/// Writes safetensors files.
enum SafetensorsWriter {
    /// Returns a file: the length of the header, the header, the arrays without gaps.
    static func file(_ arrays: [PolicyExport.NamedArray], description: [UInt8]) throws(InterchangeError) -> Data {
        var members: [String: JSONValue] = [
            "__metadata__": .object([
                PolicyExport.descriptionKey: .string(String(decoding: description, as: UTF8.self))
            ])
        ]
        var end = 0
        for array in arrays {
            let start = end
            end += array.values.count * 4
            members[array.name] = .object([
                "dtype": .string("F32"), "shape": .array(array.shape.map { .integer(Int64($0)) }),
                "data_offsets": .array([.integer(Int64(start)), .integer(Int64(end))]),
            ])
        }
        var header: Data
        do { header = try JSONValue.object(members).canonicalData() } catch {
            throw .notRepresentable(error.message)
        }
        // The arrays are aligned for readers that map the file.
        header.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        var file = Data(capacity: 8 + header.count + end)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
        file.append(header)
        for array in arrays { file.append(littleEndian: array.values) }
        return file
    }
}

extension Data {
    /// Appends numbers in binary32.
    mutating func append(littleEndian values: ArraySlice<Float>) {
        for start in stride(from: values.startIndex, to: values.endIndex, by: 1 << 16) {
            let part = values[start..<Swift.min(start + 1 << 16, values.endIndex)].map { $0.bitPattern.littleEndian }
            part.withUnsafeBytes { append(contentsOf: $0) }
        }
    }
}
