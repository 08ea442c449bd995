/// Memory that a plug-in writes into, with a margin behind it that shows when it wrote too much.
///
/// The one owner of its memory: freed with the value, which cannot be copied.
struct GuardedBuffer: ~Copyable {
    private static let margin = 64
    private static let pattern: UInt8 = 0xa5

    /// Bytes without the margin.
    let count: Int
    private let all: UnsafeMutableRawBufferPointer

    /// Creates a buffer of so many bytes, zeros at first, aligned for any element.
    init(byteCount: Int) {
        all = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + Self.margin, alignment: 64)
        count = byteCount
        _ = all.initializeMemory(as: UInt8.self, repeating: 0)
        _ = UnsafeMutableRawBufferPointer(rebasing: all[byteCount...])
            .initializeMemory(as: UInt8.self, repeating: Self.pattern)
    }

    /// Gives the memory without the margin; the pointer is good until `body` returns, during which the value lives.
    borrowing func withBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        body(UnsafeMutableRawBufferPointer(rebasing: all[..<count]))
    }

    deinit { all.deallocate() }

    /// Whether nothing was written right behind the memory; what lies further off cannot be seen.
    var isIntact: Bool {
        var isIntact = true
        for index in count..<all.count where all[index] != Self.pattern { isIntact = false }
        return isIntact
    }
}
