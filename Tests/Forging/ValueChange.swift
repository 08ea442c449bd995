internal import DQNModel
internal import Foundation
internal import HDF5

/// One change of a checkpoint, after which digests and seal are right again: what only judgement can refuse.
package struct ValueChange: Sendable {
    /// What is changed, and to what.
    package let name: String
    /// Changes the file.
    package let apply: @Sendable (inout ForgedFile) -> Void

    /// Returns every change of one value of a file: of each JSON value, and of each array.
    package static func all(of file: ForgedFile) -> [ValueChange] {
        file.datasets.sorted { $0.key < $1.key }.flatMap { path, dataset in
            isDocument(path) ? ofDocument(path, file.text(path)) : ofArray(path, dataset)
        }
    }

    /// Returns several changes as one.
    package static func joined(_ mutations: [ValueChange]) -> ValueChange {
        ValueChange(name: mutations.map(\.name).joined(separator: " and ")) { file in
            for mutation in mutations { mutation.apply(&file) }
        }
    }

    private static func isDocument(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return ["configuration", "architecture", "progress", "optimizer/state"].contains(path)
            || parts.count == 3 && (parts[2] == "state" && parts[0] == "workers" || parts[2] == "descriptor")
    }
}

// Changes of documents.
extension ValueChange {
    /// Numbers at the bounds of what code expects, and other types.
    private static let values: [JSONValue] = [
        .integer(-1), .integer(0), .integer(1), .integer(2), .integer(100), .integer(1 << 31), .integer((1 << 52) + 1),
        .integer(1 << 53), .integer((1 << 53) + 1), .integer(.max), .integer(.min), .number(0.5), .number(-1e308),
        .number(1e308), .string(""), .string("text"), .null, .bool(true), .array([]), .object([:]),
        .array([.integer(-1)]),
    ]

    private static func ofDocument(_ path: String, _ text: String) -> [ValueChange] {
        guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return [] }
        return changes(of: document).map { place, changed in
            let text = (try? changed.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "null"
            return ValueChange(name: "\(path) \(place)") { file in
                file.set(path, text: text)
                // The name of a checkpoint is the number of its steps.
                if path == "progress", let steps = changed["counters"]?["agent_steps"]?.integerValue {
                    file.attributes["agent_steps"] = .int64(Int64(steps))
                }
            }
        }
    }

    /// Returns a value with one change each, with the place and the change as text.
    private static func changes(of value: JSONValue) -> [(String, JSONValue)] {
        var result: [(String, JSONValue)] = values.filter { $0 != value }.map { ("= \(short($0))", $0) }
        switch value {
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                var without = members
                without[key] = nil
                result.append(("lacks \(key)", .object(without)))
                for (place, changed) in changes(of: member) {
                    var with = members
                    with[key] = changed
                    result.append((".\(key)\(place.hasPrefix(".") ? "" : " ")\(place)", .object(with)))
                }
            }
            result.append(("has more", .object(members.merging(["more": .integer(1)]) { $1 })))
        case .array(let items):
            if let first = items.first {
                result.append(("twice its first", .array([first] + items)))
                result.append(("lacks its last", .array(Array(items.dropLast()))))
                for (place, changed) in changes(of: first) {
                    result.append(
                        (".0\(place.hasPrefix(".") ? "" : " ")\(place)", .array([changed] + items.dropFirst())))
                }
            }
        default: break
        }
        return result
    }

    private static func short(_ value: JSONValue) -> String {
        (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    }
}

// Changes of arrays.
extension ValueChange {
    private static func ofArray(_ path: String, _ dataset: ForgedFile.Dataset) -> [ValueChange] {
        let width = dataset.type.byteCount
        let count = dataset.bytes.count / width
        var result = [ValueChange(name: "\(path) is missing") { $0.datasets[path] = nil }]
        for value in elements(dataset.type) {
            for index in Set([0, count / 2, count - 1]).sorted() where index >= 0 && index < count {
                result.append(
                    ValueChange(name: "\(path)[\(index)] = \(value.name)") { file in
                        for (offset, byte) in value.bytes.enumerated() {
                            file.datasets[path]?.bytes[index * width + offset] = byte
                        }
                    })
            }
            result.append(
                ValueChange(name: "\(path) consists of \(value.name)") { file in
                    file.datasets[path]?.bytes = (0..<count).flatMap { _ in value.bytes }
                })
        }
        if let rows = dataset.shape.first, rows > 0 {
            let row = dataset.bytes.count / rows
            result.append(
                ValueChange(name: "\(path) lacks its last row") { file in
                    file.datasets[path]?.bytes.removeLast(row)
                    file.datasets[path]?.shape[0] = rows - 1
                })
            result.append(
                ValueChange(name: "\(path) has a row more") { file in
                    file.datasets[path]?.bytes += [UInt8](repeating: 0, count: row)
                    file.datasets[path]?.shape[0] = rows + 1
                })
        }
        let other: HDF5.ElementType = dataset.type == .int64 ? .uint8 : .int64
        result.append(
            ValueChange(name: "\(path) is \(other.rawValue)") { file in
                file.datasets[path]?.type = other
                file.datasets[path]?.bytes = [UInt8](repeating: 0, count: count * other.byteCount)
            })
        result.append(
            ValueChange(name: "\(path) is there twice") { file in file.datasets["\(path)2"] = file.datasets[path] })
        return result
    }

    private static func elements(_ type: HDF5.ElementType) -> [(name: String, bytes: [UInt8])] {
        func bytes<Value: BitwiseCopyable>(_ values: [Value]) -> [(String, [UInt8])] {
            values.map { value in ("\(value)", withUnsafeBytes(of: value) { Array($0) }) }
        }
        return switch type {
        case .float32:
            bytes([Float.nan, .infinity, -.infinity, -1, -0.0, 1, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
        case .float64: bytes([Double.nan, .infinity, -.infinity, -1, -0.0, 1, 1e308, .leastNonzeroMagnitude])
        case .uint8: bytes([UInt8(0), 1, 2, 4, 8, 12, 15, 16, 255])
        case .int32: bytes([Int32.min, -2, -1, 0, 1, 2, .max])
        case .int64: bytes([Int64.min, -1, 0, 1, 2, 7, 1 << 53, .max])
        case .uint64: bytes([UInt64(0), 1, .max])
        }
    }
}
