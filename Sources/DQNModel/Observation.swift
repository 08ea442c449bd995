/// One observation: a space and its bytes (native little-endian, row-major).
///
/// Made once and written in place (`withMutableFloats`, `withMutableBytes`), so that stepping an
/// environment allocates nothing.
public struct Observation: Sendable, Equatable {
    /// The observation's shape and element type.
    public let space: ObservationSpace
    /// The raw elements; always ``ObservationSpace/byteCount`` bytes long.
    @inlinable public var bytes: [UInt8] { storage }
    @usableFromInline var storage: [UInt8]

    /// Creates an observation of zeros.
    public init(zerosOf space: ObservationSpace) {
        self.space = space
        storage = [UInt8](repeating: 0, count: space.byteCount)
    }

    /// Creates an observation from stored bytes.
    ///
    /// - Throws: ``ModelError`` (`shapeMismatch`) when the bytes are not exactly the space's.
    public init(space: ObservationSpace, bytes: [UInt8]) throws(ModelError) {
        guard bytes.count == space.byteCount else {
            throw ModelError(
                code: .shapeMismatch,
                message: "An observation of shape \(space.shape) takes \(space.byteCount) bytes, not \(bytes.count).")
        }
        self.space = space
        storage = bytes
    }

    /// Creates a vector of floats with shape `[values.count]`.
    public init(_ values: [Float]) {
        self.init(zerosOf: ObservationSpace(shape: [values.count], element: .float32))
        withMutableFloats { floats in
            for index in values.indices { floats[index] = values[index] }
        }
    }

    /// The elements as floats, unscaled; allocates, for display and traces.
    public var floats: [Float] {
        switch space.element {
        case .float32: bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        default: bytes.map(Float.init)
        }
    }

    /// Gives write access to the elements of a `.float32` observation.
    ///
    /// - Precondition: the element type is `.float32`.
    @inlinable
    public mutating func withMutableFloats<Result>(_ body: (UnsafeMutableBufferPointer<Float>) -> Result) -> Result {
        precondition(space.element == .float32, "withMutableFloats needs a float32 observation")
        // The buffer is valid only inside `body`; array storage is 16-byte aligned, as Float needs 4.
        return storage.withUnsafeMutableBytes { body($0.bindMemory(to: Float.self)) }
    }

    /// Gives write access to the raw bytes.
    @inlinable
    public mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeMutableBytes { body($0) }
    }
}

extension Observation {
    /// Reads the raw bytes; the buffer is valid inside `body` only.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `Array.withUnsafeBytes` has no typed throws; this one has.
        try storage.withUnsafeBufferPointer { bytes throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
