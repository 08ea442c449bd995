import Foundation

/// Numbers between two pages that cannot be accessed: a loop that reads or writes beyond them ends the tests.
///
/// They end exactly at the second page, or begin exactly behind the first one.
final class Guarded<Element> {
    let elements: UnsafeMutablePointer<Element>
    let count: Int
    private let region: UnsafeMutableRawPointer
    private let byteCount: Int

    init(_ count: Int, atStart: Bool = false, _ value: (Int) -> Element) {
        let page = Int(getpagesize())
        let size = count * MemoryLayout<Element>.stride
        let inner = max(1, (size + page - 1) / page) * page
        byteCount = inner + 2 * page
        guard let region = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            region != MAP_FAILED
        else { fatalError("no memory for \(count) elements") }
        mprotect(region, page, PROT_NONE)
        mprotect(region + page + inner, page, PROT_NONE)
        self.region = region
        self.count = count
        let start = region + (atStart ? page : page + inner - size)
        elements = start.bindMemory(to: Element.self, capacity: count)
        for index in 0..<count { (elements + index).initialize(to: value(index)) }
    }

    convenience init(_ values: [Element]) { self.init(values.count) { values[$0] } }

    deinit { munmap(region, byteCount) }

    /// A copy of the elements.
    var values: [Element] { Array(UnsafeBufferPointer(start: elements, count: count)) }
}

extension Guarded<Float> {
    /// Hashed numbers from −1 to 1.
    convenience init(hashed count: Int, salt: UInt32, atStart: Bool = false) {
        self.init(count, atStart: atStart) { Float(FixtureHash.unit($0, salt: salt)) }
    }

    /// Room for results, which must be overwritten.
    convenience init(room count: Int) { self.init(count) { _ in .nan } }

    /// The bits of the elements.
    var bits: [UInt32] { values.map(\.bitPattern) }
}

/// A digest of the bits of results (FNV-1a).
struct BitDigest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ bits: [UInt32]) { for word in bits { value = (value ^ UInt64(word)) &* 0x100_0000_01b3 } }
}
