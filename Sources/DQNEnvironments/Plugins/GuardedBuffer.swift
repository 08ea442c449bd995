/// Memory that a plug-in writes into, with a margin behind it that shows when it wrote too much.
///
/// The one owner of its memory: freed with the value, which cannot be copied. The pointer given out is good as long as
/// the value lives.
struct GuardedBuffer: ~Copyable {
    private static let margin = 64
    private static let pattern: UInt8 = 0xa5

    /// The memory without the margin, at first zeros; aligned for any element.
    let bytes: UnsafeMutableRawBufferPointer
    private let all: UnsafeMutableRawBufferPointer

    /// Creates a buffer of so many bytes.
    init(byteCount: Int) {
        all = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + Self.margin, alignment: 64)
        bytes = UnsafeMutableRawBufferPointer(rebasing: all[..<byteCount])
        _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
        _ = UnsafeMutableRawBufferPointer(rebasing: all[byteCount...])
            .initializeMemory(as: UInt8.self, repeating: Self.pattern)
    }

    deinit { all.deallocate() }

    /// Whether nothing was written right behind the memory; what lies further off cannot be seen.
    var isIntact: Bool {
        var isIntact = true
        for index in bytes.count..<all.count where all[index] != Self.pattern { isIntact = false }
        return isIntact
    }
}
