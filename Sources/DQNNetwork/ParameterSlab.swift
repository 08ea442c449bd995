public import DQNModel
internal import Foundation

/// One flat, aligned vector of all parameters (or gradients, or an optimiser slot) of a network.
///
/// `@unchecked Sendable`: the memory is allocated once and freed in `deinit`. Concurrent reads and writes of its floats
/// are either intended (Hogwild, Recht 2011) or must be prevented by the caller. Nothing else of the object changes.
public final class ParameterSlab: @unchecked Sendable {
    /// The positions of the named parameters.
    public let layout: ParameterLayout
    /// The elements, in the layout's order; valid as long as the slab exists.
    public let elements: UnsafeMutableBufferPointer<Float>

    /// Creates a slab of zeros.
    public convenience init(layout: ParameterLayout) { self.init(layout: layout, first: []) }

    /// Creates a slab that begins with the given values; the rest are zeros.
    private init(layout: ParameterLayout, first values: [Float]) {
        self.layout = layout
        // The end is padded so that whole vectors may be read.
        let padded = (layout.count + 15) / 16 * 16
        let memory = Self.allocate(byteCount: padded * MemoryLayout<Float>.stride)
        let floats = memory.bindMemory(to: Float.self, capacity: padded)
        floats.initialize(from: values, count: values.count)
        (floats + values.count).initialize(repeating: 0, count: padded - values.count)
        elements = UnsafeMutableBufferPointer(start: floats, count: layout.count)
    }

    /// Allocates memory that is aligned to a cache line and the widest vector. Large slabs get pages of 2 MB, if the
    /// system provides them.
    private static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        let line = 64
        guard byteCount >= largePage else { return .allocate(byteCount: byteCount, alignment: line) }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: largePage)
        useLargePages(memory, byteCount: byteCount)
        return memory
    }

    private static let largePage = 2 << 20

    /// Asks for large pages where memory has not been used yet.
    ///
    /// - Parameter memory: begins on a page.
    private static func useLargePages(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        #if os(Linux)
            // Hint: makes passes about 10 % faster.
            madvise(memory, byteCount, MADV_HUGEPAGE)
        #endif
    }

    deinit { UnsafeMutableRawPointer(elements.baseAddress)?.deallocate() }

    /// Creates a slab of the given values.
    ///
    /// - Throws: ``NetworkError`` (`invalidState`) if their number differs from the layout's.
    public convenience init(layout: ParameterLayout, values: [Float]) throws(NetworkError) {
        guard values.count == layout.count else {
            throw NetworkError(
                code: .invalidState,
                message: "The network has \(layout.count) parameters, but \(values.count) values were given.")
        }
        self.init(layout: layout, first: values)
    }

    /// A copy of the elements, for a checkpoint; O(count).
    public var values: [Float] { Array(elements) }

    /// Like ``values``, in large pages where these lie within the copy: there are fewer pages to make ready.
    var valuesInLargePages: [Float] {
        Array(unsafeUninitializedCapacity: elements.count) { copy, count in
            if let start = UnsafeMutableRawPointer(copy.baseAddress) {
                let first = start.alignedUp(toMultipleOf: Self.largePage)
                let end = (start + elements.count * MemoryLayout<Float>.stride).alignedDown(
                    toMultipleOf: Self.largePage)
                if first < end { Self.useLargePages(first, byteCount: end - first) }
            }
            count = copy.initialize(fromContentsOf: elements)
        }
    }

    /// Copies the elements of another slab of the same layout; O(count).
    public func copy(from other: ParameterSlab) {
        precondition(other.layout.count == layout.count, "both slabs must have the same layout")
        _ = elements.update(fromContentsOf: other.elements)
    }

    /// Moves each element towards that of another slab of the same layout, as a target network is refreshed; O(count).
    ///
    /// - Parameter rate: The fraction of the distance; 1 copies.
    package func move(towards other: ParameterSlab, by rate: Double) {
        if rate == 1 { return copy(from: other) }
        let rate = Float(rate)
        for index in elements.indices { elements[index] += rate * (other.elements[index] - elements[index]) }
    }

    /// Draws every weight and bias from U(−1/√fan_in, 1/√fan_in), layer by layer. Layer normalisations start as the
    /// identity, without a draw.
    ///
    /// This is the initialisation of DQN's reference code and the default of PyTorch.
    public func initialize(using generator: inout RandomGenerator) {
        for entry in layout.entries {
            switch entry.role {
            case .normalizationWeight: elements[entry.range].update(repeating: 1)
            case .normalizationBias: elements[entry.range].update(repeating: 0)
            case .weight, .bias: draw(entry, using: &generator)
            }
        }
    }

    private func draw(_ entry: ParameterLayout.Entry, using generator: inout RandomGenerator) {
        let bound = 1 / Double(entry.fanIn).squareRoot()
        for index in entry.range { elements[index] = Float(generator.uniform(in: -bound..<bound)) }
    }

    /// Returns the address of the element at an offset of the layout.
    func pointer(at offset: Int) -> UnsafeMutablePointer<Float> {
        guard let base = elements.baseAddress else { preconditionFailure("a network has at least one parameter") }
        return base + offset
    }
}
