internal import DQNModel
package import Foundation

/// A difference between two checkpoints.
package struct CheckpointDifference: Sendable, Equatable, CustomStringConvertible {
    /// The path of a dataset, or `configuration.KEY`.
    package let path: String
    /// How they differ.
    package let description: String
    /// The largest absolute difference of two arrays of the same type and shape.
    package let largest: Double?

    /// Compares two files of any known versions. If the versions differ, compares the states in the form of the current
    /// version.
    ///
    /// - Parameter tolerance: The absolute difference up to which floating-point elements count as equal.
    /// - Returns: The differences, sorted by path; none for files with equal content.
    /// - Throws: ``CheckpointError`` if a file cannot be read.
    package static func between(
        _ left: URL, _ right: URL, tolerance: Double = 0
    ) throws(CheckpointError) -> [CheckpointDifference] {
        let (first, second) = try contents(left, right)
        var differences: [CheckpointDifference] = []
        func add(_ path: String, _ description: String, _ largest: Double? = nil) {
            differences.append(CheckpointDifference(path: path, description: description, largest: largest))
        }
        for path in Set(first.keys).union(second.keys).sorted() {
            switch (first[path], second[path]) {
            case (let a?, nil): add(path, "only in the first (\(a.kind))")
            case (nil, let b?): add(path, "only in the second (\(b.kind))")
            case (let a?, let b?):
                if a.bytes == b.bytes, a.kind == b.kind { continue }
                if a.isDocument, b.isDocument {
                    for (key, text) in documentDifferences(a.bytes, b.bytes) { add("\(path).\(key)", text) }
                } else if a.kind != b.kind {
                    add(path, "\(a.kind) in the first, \(b.kind) in the second")
                } else {
                    let largest = largestDifference(a, b)
                    let isReal = a.element == .float32 || a.element == .float64
                    if isReal, largest <= tolerance { continue }
                    add(path, "differs by up to \(largest)", largest)
                }
            case (nil, nil): continue
            }
        }
        return differences
    }

    private struct Content: Sendable {
        var element: ElementType
        var shape: [Int]
        var bytes: [UInt8]
        var isDocument: Bool
        var kind: String { "\(element.rawValue) \(shape)" }
    }

    /// Returns the contents of two files by path, in the form of one version.
    private static func contents(
        _ left: URL, _ right: URL
    ) throws(CheckpointError) -> ([String: Content], [String: Content]) {
        let files = (try contents(left), try contents(right))
        if files.0.version == files.1.version { return (files.0.contents, files.1.contents) }
        let isCurrent = (files.0.version == FormatVersion.current, files.1.version == FormatVersion.current)
        return (
            isCurrent.0 ? files.0.contents : try upgradedContents(left),
            isCurrent.1 ? files.1.contents : try upgradedContents(right)
        )
    }

    /// Returns the contents of a file of an older version after an upgrade to the current one.
    private static func upgradedContents(_ url: URL) throws(CheckpointError) -> [String: Content] {
        let checkpoint = try CheckpointFile.read(url.path) { (reader) throws(CheckpointError) in
            try CheckpointFile.checkpoint(reader)
        }
        var contents: [String: Content] = [:]
        for array in try FormatVersion.codec(of: FormatVersion.current).arrays(checkpoint) {
            var bytes: [UInt8] = []
            array.forEachRun { bytes += $0 }
            contents[array.path] = Content(
                element: array.element, shape: array.shape, bytes: bytes,
                isDocument: array.element == .uint8 && isDocument(array.path))
        }
        return contents
    }

    /// Returns the contents of a file by path, with JSON documents marked.
    private static func contents(
        _ url: URL
    ) throws(CheckpointError) -> (version: String, contents: [String: Content]) {
        try CheckpointFile.read(url.path) { (reader) throws(CheckpointError) in
            var contents: [String: Content] = [:]
            for entry in reader.manifest.datasets {
                var bytes: [UInt8] = []
                try reader.forEachStoredRun(of: entry) { bytes += $0 }
                let isDocument = entry.type == .uint8 && isDocument(entry.path)
                contents[entry.path] = Content(
                    element: entry.type, shape: entry.shape, bytes: bytes, isDocument: isDocument)
            }
            return (reader.version, contents)
        }
    }

    /// Whether the format stores a JSON document at a path.
    private static func isDocument(_ path: String) -> Bool {
        if ["configuration", "architecture", "progress", "optimizer/state"].contains(path) { return true }
        let parts = path.split(separator: "/")
        return parts.count == 3
            && (parts[0] == "workers" && parts[2] == "state" || parts[0] == "extensions" && parts[2] == "descriptor")
    }

    private static func documentDifferences(_ left: [UInt8], _ right: [UInt8]) -> [(String, String)] {
        func flat(_ bytes: [UInt8]) -> [String: String] {
            guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return [:] }
            var result: [String: String] = [:]
            func add(_ value: JSONValue, _ path: String) {
                if case .object(let members) = value {
                    for (key, member) in members { add(member, path.isEmpty ? key : "\(path).\(key)") }
                } else {
                    result[path] = (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? ""
                }
            }
            add(value, "")
            return result
        }
        let (first, second) = (flat(left), flat(right))
        return Set(first.keys).union(second.keys).sorted().compactMap { key in
            let (a, b) = (first[key] ?? "nothing", second[key] ?? "nothing")
            return a == b ? nil : (key, "\(a) in the first, \(b) in the second")
        }
    }

    private static func largestDifference(_ left: Content, _ right: Content) -> Double {
        func largest<Number: BitwiseCopyable>(_: Number.Type, _ number: (Number) -> Double) -> Double {
            left.bytes.withUnsafeBytes { a in
                right.bytes.withUnsafeBytes { b in
                    zip(a.bindMemory(to: Number.self), b.bindMemory(to: Number.self)).reduce(0) { worst, pair in
                        let (x, y) = (number(pair.0), number(pair.1))
                        // Two NaNs are equal; one NaN differs from every number.
                        if x.isNaN || y.isNaN { return x.isNaN && y.isNaN ? worst : .infinity }
                        return max(worst, x == y ? 0 : abs(x - y))
                    }
                }
            }
        }
        // Different integers above 2^53 may round to equal doubles.
        func atLeastOne(_ value: Double) -> Double { max(value, 1) }
        return switch left.element {
        case .float32: largest(Float.self) { Double($0) }
        case .float64: largest(Double.self) { $0 }
        case .uint8: largest(UInt8.self) { Double($0) }
        case .int32: largest(Int32.self) { Double($0) }
        case .int64: atLeastOne(largest(Int64.self) { Double($0) })
        case .uint64: atLeastOne(largest(UInt64.self) { Double($0) })
        }
    }
}
