/// The saved state of a component as named arrays. It contains only data, so any reader can store it.
///
/// ``kind`` names the component that wrote it and ``version`` the layout. A component rejects kinds and versions that it
/// does not know.
public struct StateSnapshot: Sendable, Equatable {
    /// One named array of a snapshot.
    public enum Value: Sendable, Equatable {
        /// 64-bit floating-point numbers.
        case float64([Double])
        /// 32-bit floating-point numbers.
        case float32([Float])
        /// Signed 64-bit integers.
        case int64([Int64])
        /// Unsigned 64-bit integers, such as a random generator's state.
        case uint64([UInt64])
        /// Bytes.
        case uint8([UInt8])
    }

    /// The component that wrote it, such as an environment's id.
    public var kind: String
    /// The version of the layout, from 1.
    public var version: Int
    /// The arrays by name. Names consist of letters, digits, `_`, `-` and `.`.
    public var values: [String: Value]

    /// Creates a snapshot.
    public init(kind: String, version: Int, values: [String: Value]) {
        self.kind = kind
        self.version = version
        self.values = values
    }

    /// Checks the snapshot's kind and version.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) when the kind or the version differs.
    public func require(kind: String, version: Int) throws(ModelError) {
        guard self.kind == kind, self.version == version else {
            throw ModelError(
                code: .invalidSnapshot,
                message:
                    "A snapshot of \(self.kind) version \(self.version) cannot restore \(kind) version \(version)."
            )
        }
    }

    /// Returns the 64-bit floating-point numbers with a name.
    ///
    /// - Throws: ``ModelError`` (`invalidSnapshot`) when the array is missing or has another type or length.
    public func float64(_ name: String, count: Int) throws(ModelError) -> [Double] {
        guard case .float64(let array) = values[name], array.count == count else {
            throw missing(name, "float64", count)
        }
        return array
    }

    /// Returns the 32-bit floating-point numbers with a name; throws like ``float64(_:count:)``.
    public func float32(_ name: String, count: Int) throws(ModelError) -> [Float] {
        guard case .float32(let array) = values[name], array.count == count else {
            throw missing(name, "float32", count)
        }
        return array
    }

    /// Returns the signed integers with a name; throws like ``float64(_:count:)``.
    public func int64(_ name: String, count: Int) throws(ModelError) -> [Int64] {
        guard case .int64(let array) = values[name], array.count == count else { throw missing(name, "int64", count) }
        return array
    }

    /// Returns the unsigned integers with a name; throws like ``float64(_:count:)``.
    public func uint64(_ name: String, count: Int) throws(ModelError) -> [UInt64] {
        guard case .uint64(let array) = values[name], array.count == count else { throw missing(name, "uint64", count) }
        return array
    }

    /// Returns the bytes with a name; throws like ``float64(_:count:)``.
    public func uint8(_ name: String, count: Int) throws(ModelError) -> [UInt8] {
        guard case .uint8(let array) = values[name], array.count == count else { throw missing(name, "uint8", count) }
        return array
    }

    private func missing(_ name: String, _ type: String, _ count: Int) -> ModelError {
        ModelError(
            code: .invalidSnapshot,
            message: "The snapshot of \(kind) must contain '\(name)' with \(count) \(type) values.")
    }
}
