/// The saved state of a component as named arrays: data only, so that any reader can store it.
///
/// ``kind`` names who wrote it and ``version`` its layout; the owner refuses what it does not know.
public struct StateSnapshot: Sendable, Equatable {
    /// One named array of a snapshot.
    public enum Value: Sendable, Equatable {
        /// 64-bit reals.
        case float64([Double])
        /// 32-bit reals.
        case float32([Float])
        /// Signed integers.
        case int64([Int64])
        /// Words, random states among them.
        case uint64([UInt64])
        /// Bytes.
        case uint8([UInt8])
    }

    /// Who wrote it: an environment's id, for one.
    public var kind: String
    /// The layout's version, from 1.
    public var version: Int
    /// The arrays by name; a name is letters, digits, `_`, `-` and `.`.
    public var values: [String: Value]

    /// Creates a snapshot.
    public init(kind: String, version: Int, values: [String: Value]) {
        self.kind = kind
        self.version = version
        self.values = values
    }

    /// Checks who wrote the snapshot.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) naming both sides when kind or version differ.
    public func require(kind: String, version: Int) throws(ModelError) {
        guard self.kind == kind, self.version == version else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "A snapshot of \(self.kind) version \(self.version) cannot restore \(kind) version \(version)."
            )
        }
    }

    /// The 64-bit reals under a name.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) when the name is missing, of another type or of another length.
    public func float64(_ name: String, count: Int) throws(ModelError) -> [Double] {
        guard case .float64(let array) = values[name], array.count == count else {
            throw missing(name, "float64", count)
        }
        return array
    }

    /// The 32-bit reals under a name; throws as ``float64(_:count:)``.
    public func float32(_ name: String, count: Int) throws(ModelError) -> [Float] {
        guard case .float32(let array) = values[name], array.count == count else {
            throw missing(name, "float32", count)
        }
        return array
    }

    /// The signed integers under a name; throws as ``float64(_:count:)``.
    public func int64(_ name: String, count: Int) throws(ModelError) -> [Int64] {
        guard case .int64(let array) = values[name], array.count == count else { throw missing(name, "int64", count) }
        return array
    }

    /// The words under a name; throws as ``float64(_:count:)``.
    public func uint64(_ name: String, count: Int) throws(ModelError) -> [UInt64] {
        guard case .uint64(let array) = values[name], array.count == count else { throw missing(name, "uint64", count) }
        return array
    }

    /// The bytes under a name; throws as ``float64(_:count:)``.
    public func uint8(_ name: String, count: Int) throws(ModelError) -> [UInt8] {
        guard case .uint8(let array) = values[name], array.count == count else { throw missing(name, "uint8", count) }
        return array
    }

    private func missing(_ name: String, _ type: String, _ count: Int) -> ModelError {
        ModelError(
            code: .invalidSnapshot,
            message: "The snapshot of \(kind) needs '\(name)' with \(count) \(type) values.")
    }
}
