internal import CDQNSupport
internal import Foundation

/// Anonymous memory that this process shares with a child.
///
/// The child gets ``descriptor``; the memory itself stays mapped here as long as this object lives.
package final class SharedMemory {
    /// Closes on exec; -1 once it is closed.
    package private(set) var descriptor: Int32
    /// The memory; `nil` until ``map(byteCount:)``.
    package private(set) var bytes: UnsafeMutableRawBufferPointer?

    /// Makes memory of size 0.
    package init() throws(SystemError) {
        descriptor = dqn_child_memory()
        guard descriptor >= 0 else { throw SystemError(-descriptor) }
    }

    deinit {
        close()
        // Mapped once, by `map`, at this address and of this size.
        if let bytes { munmap(bytes.baseAddress, bytes.count) }
    }

    /// Sets the size of the memory, once, and maps it.
    package func map(byteCount: Int) throws(SystemError) {
        let failure = dqn_child_size_memory(descriptor, byteCount)
        guard failure == 0 else { throw SystemError(failure) }
        let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard address != MAP_FAILED else { throw SystemError(errno) }
        bytes = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    }

    /// Closes the descriptor; the mapping stays.
    package func close() {
        if descriptor >= 0 { _ = Foundation.close(descriptor) }
        descriptor = -1
    }
}
