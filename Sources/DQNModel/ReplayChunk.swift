internal import Foundation
internal import Synchronization

/// A fixed number of consecutive steps of one replay column: reference-counted bytes, copied on write.
///
/// Copying a chunk is O(1). Writing to one that a snapshot still holds copies its bytes first, so a snapshot
/// never changes. ``identity`` names the content: a saver may cache what it made of a chunk by it.
public struct ReplayChunk: Sendable {
    /// Names the content of a chunk within this process; a write gives it a new one.
    public struct Identity: Hashable, Sendable {
        let storage: UInt64
        let modification: UInt64
    }

    private var storage: Storage

    /// Creates a chunk of zeros; memory is committed by the system as it is written.
    public init(byteCount: Int) { storage = Storage(byteCount: byteCount) }

    /// Creates a chunk with the given bytes first and zeros behind them.
    ///
    /// - Precondition: there are at most `byteCount` bytes.
    public init(byteCount: Int, prefix bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= byteCount, "a chunk's prefix is longer than the chunk")
        storage = Storage(byteCount: byteCount)
        UnsafeMutableRawBufferPointer(rebasing: storage.bytes[..<bytes.count]).copyMemory(from: bytes)
    }

    /// Bytes of the chunk.
    public var byteCount: Int { storage.bytes.count }

    /// Names the content as it is now.
    public var identity: Identity { Identity(storage: storage.serial, modification: storage.modification) }

    /// Reads the bytes; the buffer is valid inside `body` only.
    @inline(__always)
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `storage` is kept alive by `self` for the length of the call.
        try body(UnsafeRawBufferPointer(storage.bytes))
    }

    /// Writes the bytes in place, after copying them if a snapshot shares them.
    @inline(__always)
    public mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        prepareForWriting()
        return body(storage.bytes)
    }

    /// Writes some of the bytes in place, after copying all of them if a snapshot shares them.
    ///
    /// - Precondition: they lie within the chunk.
    /// - Returns: where the chunk's bytes begin from now on, until it is next written to or let go.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UnsafeRawPointer? {
        prepareForWriting()
        precondition(offset >= 0 && offset + bytes.count <= storage.bytes.count, "a write beyond a replay chunk")
        UnsafeMutableRawBufferPointer(rebasing: storage.bytes[offset...]).copyMemory(from: bytes)
        return UnsafeRawPointer(storage.bytes.baseAddress)
    }

    @inline(__always)
    private mutating func prepareForWriting() {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = Storage(byteCount: storage.bytes.count)
            copy.bytes.copyMemory(from: UnsafeRawBufferPointer(storage.bytes))
            storage = copy
        }
        storage.modification &+= 1
    }

    /// Owns the bytes.
    ///
    /// `@unchecked Sendable`: `bytes` and `modification` are written only through `withMutableBytes`, which
    /// has made sure that no other chunk value, and so no other thread, refers to this object.
    private final class Storage: @unchecked Sendable {
        let serial = ReplayChunkSerial.next()
        let bytes: UnsafeMutableRawBufferPointer
        var modification: UInt64 = 0

        init(byteCount: Int) {
            guard let memory = ZeroedMemory.allocate(byteCount) else {
                preconditionFailure("out of memory for a replay chunk of \(byteCount) bytes")
            }
            bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
        }

        deinit { ZeroedMemory.release(bytes) }
    }
}

/// Hands out process-wide unique chunk numbers.
private enum ReplayChunkSerial {
    private static let counter = Atomic<UInt64>(0)

    static func next() -> UInt64 { counter.add(1, ordering: .relaxed).newValue }
}

/// Memory of zeros that costs nothing until it is used.
private enum ZeroedMemory {
    // From here on memory comes from the system and goes back to it at once. The C library would keep blocks of this
    // size for itself after the first few were freed, and the process would stay as large as it ever was.
    private static let mappedFrom = 1 << 18

    static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        if byteCount < mappedFrom { return calloc(max(byteCount, 1), 1) }
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return memory == MAP_FAILED ? nil : memory
    }

    static func release(_ bytes: UnsafeMutableRawBufferPointer) {
        if bytes.count < mappedFrom { return free(bytes.baseAddress) }
        let result = munmap(bytes.baseAddress, bytes.count)
        precondition(result == 0, "a replay chunk's memory could not be given back")
    }
}
