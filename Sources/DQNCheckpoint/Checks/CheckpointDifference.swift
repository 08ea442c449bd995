internal import DQNModel
internal import DQNSupport
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
        // HDF5 opens a file once.
        let isSame = FileIdentity(left.path).map { $0 == FileIdentity(right.path) } ?? false
        return try CheckpointFile.open(left.path, for: .copying(replays: true), checksDigests: true) {
            (left) throws(CheckpointError) in
            if isSame { return try between(left, left, tolerance) }
            return try CheckpointFile.open(right.path, for: .copying(replays: true), checksDigests: true) {
                (right) throws(CheckpointError) in
                try between(left, right, tolerance)
            }
        }
    }

    private static func between(
        _ left: OpenContainer, _ right: OpenContainer, _ tolerance: Double
    ) throws(CheckpointError) -> [CheckpointDifference] {
        let isUpgraded = left.reader.version != right.reader.version
        let first = try ComparedArray.all(of: left, upgraded: isUpgraded)
        let second = try ComparedArray.all(of: right, upgraded: isUpgraded)
        var differences: [CheckpointDifference] = []
        for path in Set(first.keys).union(second.keys).sorted() {
            switch (first[path], second[path]) {
            case (let a?, nil): differences.append(.init(path, "only in the first (\(a.kind))"))
            case (nil, let b?): differences.append(.init(path, "only in the second (\(b.kind))"))
            case (let a?, let b?): differences += try between(a, b, path, tolerance)
            case (nil, nil): continue
            }
        }
        return differences
    }

    private static func between(
        _ first: ComparedArray, _ second: ComparedArray, _ path: String, _ tolerance: Double
    ) throws(CheckpointError) -> [CheckpointDifference] {
        let limit = ContainerReader.DocumentLimit(path)
        if first.isDocument, second.isDocument, max(first.byteCount, second.byteCount) <= limit.bytes {
            let (a, b) = (try first.bytes(), try second.bytes())
            if a == b { return [] }
            guard let left = flat(a, limit), let right = flat(b, limit) else {
                return [.init(path, "differs, and is not JSON in both")]
            }
            return Set(left.keys).union(right.keys).sorted().compactMap { key in
                let (a, b) = (left[key] ?? "nothing", right[key] ?? "nothing")
                return a == b ? nil : .init("\(path).\(key)", "\(a) in the first, \(b) in the second")
            }
        }
        guard first.kind == second.kind else {
            return [.init(path, "\(first.kind) in the first, \(second.kind) in the second")]
        }
        guard let largest = try first.largestDifference(to: second) else { return [] }
        let isReal = first.element == .float32 || first.element == .float64
        return isReal && largest <= tolerance ? [] : [.init(path, "differs by up to \(largest)", largest)]
    }

    private init(_ path: String, _ description: String, _ largest: Double? = nil) {
        self.path = path
        self.description = description
        self.largest = largest
    }

    /// Returns the values of a document by the keys that lead to them; `nil` if it is not JSON.
    private static func flat(_ bytes: [UInt8], _ limit: ContainerReader.DocumentLimit) -> [String: String]? {
        guard let document = try? JSONText.value(of: bytes, valueLimit: limit.values) else { return nil }
        var result: [String: String] = [:]
        func add(_ value: JSONValue, _ path: String) {
            if case .object(let members) = value {
                for (key, member) in members { add(member, path.isEmpty ? key : "\(path).\(key)") }
            } else {
                result[path] = (try? value.canonicalData()).map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
        }
        add(document, "")
        return result
    }
}
