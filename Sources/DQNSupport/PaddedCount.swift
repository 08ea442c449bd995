package import Synchronization

/// An atomic count in cache lines of its own.
///
/// A thread that changes a count takes its cache line from all other threads, so that they wait for whatever else they
/// read from it. Processors fetch lines in pairs, so the padding is two lines on each side.
package struct PaddedCount: ~Copyable, Sendable {
    private typealias Padding = (Line, Line)
    /// Sixty-four bytes.
    private typealias Line = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private static var line: Line { (0, 0, 0, 0, 0, 0, 0, 0) }

    private let before: Padding
    /// The count.
    package let atomic: Atomic<Int>
    private let after: Padding

    /// Creates a count.
    package init(_ value: Int) {
        before = (Self.line, Self.line)
        atomic = Atomic(value)
        after = (Self.line, Self.line)
    }

    /// Returns the count, in no particular order with other memory.
    package var value: Int { atomic.load(ordering: .relaxed) }

    /// Adds to the count, and returns the count before.
    @discardableResult
    package func add(_ number: Int) -> Int { atomic.wrappingAdd(number, ordering: .relaxed).oldValue }
}
