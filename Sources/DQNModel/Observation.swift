/// One observation: a space and its elements as bytes (native little-endian, row-major).
///
/// Create an observation once and write to it in place (`withMutableFloats`, `withMutableBytes`); then stepping an
/// environment allocates nothing.
public struct Observation: Sendable, Equatable {
    /// The observation's shape and element type.
    public let space: ObservationSpace
    /// The raw elements, ``ObservationSpace/byteCount`` bytes.
    @inlinable public var bytes: [UInt8] { storage }
    @usableFromInline var storage: [UInt8]

    /// Creates an observation of zeros.
    public init(zerosOf space: ObservationSpace) {
        self.space = space
        storage = [UInt8](repeating: 0, count: space.byteCount)
    }

    /// Creates an observation from stored bytes.
    ///
    /// - Throws: ``ModelError`` (`shapeMismatch`) when the number of bytes is not the space's.
    public init(space: ObservationSpace, bytes: [UInt8]) throws(ModelError) {
        guard bytes.count == space.byteCount else {
            throw ModelError(
                code: .shapeMismatch,
                message: "An observation of shape \(space.shape) needs \(space.byteCount) bytes, not \(bytes.count).")
        }
        self.space = space
        storage = bytes
    }

    /// Creates a `.float32` vector with shape `[values.count]`.
    public init(_ values: [Float]) {
        self.init(zerosOf: ObservationSpace(shape: [values.count], element: .float32))
        withMutableFloats { floats in
            for index in values.indices { floats[index] = values[index] }
        }
    }

    /// The elements as unscaled floats. Allocates; meant for display and traces.
    public var floats: [Float] {
        switch space.element {
        case .float32: bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        default: bytes.map(Float.init)
        }
    }

    /// Calls `body` with the elements of a `.float32` observation for writing.
    ///
    /// - Precondition: the element type is `.float32`.
    @inlinable
    public mutating func withMutableFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) -> Result) -> Result {
        precondition(space.element == .float32, "withMutableFloats needs a float32 observation")
        // The buffer is valid only inside `body`. Array storage is 16-byte aligned; Float needs 4.
        return storage.withUnsafeMutableBytes { body($0.bindMemory(to: Float.self)) }
    }

    /// Calls `body` with the raw bytes for writing.
    @inlinable
    public mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeMutableBytes { body($0) }
    }
}

extension Observation {
    /// Calls `body` with the raw bytes, which are valid only inside it.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `Array.withUnsafeBytes` does not support typed throws; this method does.
        try storage.withUnsafeBufferPointer { bytes throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
