/// Memory that a plug-in writes into, followed by a margin that reveals writes beyond its end.
///
/// The only owner of its memory, which is freed with the value; the value cannot be copied.
struct GuardedBuffer: ~Copyable {
    private static let margin = 64
    private static let pattern: UInt8 = 0xa5

    /// The number of bytes without the margin.
    let count: Int
    private let all: UnsafeMutableRawBufferPointer

    /// Creates a buffer of zeros, aligned for any element.
    init(byteCount: Int) {
        all = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + Self.margin, alignment: 64)
        count = byteCount
        _ = all.initializeMemory(as: UInt8.self, repeating: 0)
        _ = UnsafeMutableRawBufferPointer(rebasing: all[byteCount...])
            .initializeMemory(as: UInt8.self, repeating: Self.pattern)
    }

    /// Calls `body` with the memory without the margin; the pointer is valid only inside `body`.
    borrowing func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        body(UnsafeMutableRawBufferPointer(rebasing: all[..<count]))
    }

    deinit { all.deallocate() }

    /// Whether the margin is unchanged; writes beyond the margin go unnoticed.
    var isIntact: Bool {
        var isIntact = true
        for index in count..<all.count where all[index] != Self.pattern { isIntact = false }
        return isIntact
    }
}
