internal import Foundation
internal import Synchronization

/// A fixed number of consecutive steps of one replay column: reference-counted bytes, copied on write.
///
/// Copying a chunk is O(1). Writing to a chunk that a snapshot still holds copies its bytes first, so a snapshot never
/// changes. A saver may cache data derived from a chunk under its ``identity``.
package struct ReplayChunk: Sendable {
    /// Identifies a chunk's content within this process. Every write changes it.
    package struct Identity: Hashable, Sendable {
        let storage: UInt64
        let modification: UInt64
    }

    private var storage: Storage

    /// Creates a chunk of zeros. The system commits memory as it is written.
    package init(byteCount: Int) { storage = Storage(byteCount: byteCount) }

    /// Creates a chunk that starts with `bytes` and continues with zeros.
    ///
    /// - Precondition: `bytes` has at most `byteCount` bytes.
    package init(byteCount: Int, prefix bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= byteCount, "the prefix is longer than the chunk")
        storage = Storage(byteCount: byteCount)
        UnsafeMutableRawBufferPointer(rebasing: storage.bytes[..<bytes.count]).copyMemory(from: bytes)
    }

    /// The size of the chunk in bytes.
    package var byteCount: Int { storage.bytes.count }

    /// The identity of the current content.
    package var identity: Identity { Identity(storage: storage.serial, modification: storage.modification) }

    /// Calls `body` with the bytes, which are valid only inside it.
    @inline(__always)
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // `self` keeps `storage` alive during the call.
        try body(UnsafeRawBufferPointer(storage.bytes))
    }

    /// Calls `body` with the bytes for writing. Copies them first if a snapshot shares them.
    @inline(__always)
    package mutating func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        prepareForWriting()
        return body(storage.bytes)
    }

    /// Writes `bytes` at `offset`. Copies the chunk first if a snapshot shares it.
    ///
    /// - Precondition: the bytes lie within the chunk.
    /// - Returns: the start of the chunk's bytes, valid until the next write or the end of the chunk's life.
    package mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UnsafeRawPointer? {
        prepareForWriting()
        precondition(offset >= 0 && offset + bytes.count <= storage.bytes.count, "the write exceeds the replay chunk")
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
    /// `@unchecked Sendable`: `bytes` and `modification` are written only after `prepareForWriting()`, which ensures that
    /// no other chunk value, and so no other thread, refers to this object.
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

/// Generates chunk numbers that are unique within the process.
private enum ReplayChunkSerial {
    private static let counter = Atomic<UInt64>(0)

    static func next() -> UInt64 { counter.add(1, ordering: .relaxed).newValue }
}

/// Zeroed memory that costs nothing until it is used.
private enum ZeroedMemory {
    // From this size on, memory is mapped from the system and returned to it at once. The C library would keep freed
    // blocks of this size, and the process would never shrink.
    private static let mappedFrom = 1 << 18

    static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        if byteCount < mappedFrom { return calloc(max(byteCount, 1), 1) }
        let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return memory == MAP_FAILED ? nil : memory
    }

    static func release(_ bytes: UnsafeMutableRawBufferPointer) {
        if bytes.count < mappedFrom { return free(bytes.baseAddress) }
        let result = munmap(bytes.baseAddress, bytes.count)
        precondition(result == 0, "cannot unmap a replay chunk")
    }
}
