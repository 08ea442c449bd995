/// The last observations of the truncated episodes in a segment.
///
/// There are few, so the memory grows with their largest number so far and then stays. Not thread-safe.
final class SegmentFinals {
    private let bytesPerObservation: Int
    /// The place of each row's observation; −1 if it has none.
    private let places: UnsafeMutableBufferPointer<Int32>
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var count = 0

    init(rows: Int, bytesPerObservation: Int) {
        self.bytesPerObservation = bytesPerObservation
        places = .allocate(capacity: rows)
        places.initialize(repeating: -1)
    }

    deinit {
        places.deallocate()
        memory.deallocate()
    }

    /// Returns a row's observation.
    subscript(row: Int) -> UnsafeRawBufferPointer? {
        let place = Int(places[row])
        guard place >= 0 else { return nil }
        return UnsafeRawBufferPointer(
            rebasing: memory[(place * bytesPerObservation)..<((place + 1) * bytesPerObservation)])
    }

    /// All observations, in the order of their rows.
    var bytes: [UInt8] { places.indices.flatMap { row in self[row].map { Array($0) } ?? [] } }

    /// Adds the observation of a row.
    func add(_ observation: UnsafeRawBufferPointer, _ row: Int) {
        let end = (count + 1) * bytesPerObservation
        if end > memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * end, alignment: 64)
            larger.copyMemory(from: UnsafeRawBufferPointer(memory))
            memory.deallocate()
            memory = larger
        }
        UnsafeMutableRawBufferPointer(rebasing: memory[(count * bytesPerObservation)..<end]).copyMemory(
            from: observation)
        places[row] = Int32(count)
        count += 1
    }

    /// Removes all observations, but keeps the memory.
    func clear() {
        guard count > 0 else { return }
        count = 0
        places.update(repeating: -1)
    }
}
