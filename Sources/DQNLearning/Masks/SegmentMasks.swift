internal import DQNModel

/// The action masks of a segment's observations: a byte for each action, 1 if it is allowed.
///
/// Slots are those of the observations: one per row, then one per environment. Each row also has a place for the last
/// observation of a truncated episode. The memory is allocated with the first mask; observations without one allow every
/// action. Not thread-safe.
final class SegmentMasks {
    private let actionCount: Int
    private let slots: Int
    private let rows: Int
    private var entries = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Whether an observation since the last ``clear()`` has a mask.
    private(set) var isUsed = false

    init(rows: Int, environments: Int, actionCount: Int) {
        self.rows = rows
        slots = rows + environments
        self.actionCount = actionCount
    }

    deinit { entries.deallocate() }

    /// Sets the mask of a slot; `nil` allows all actions.
    func set(_ mask: [Bool]?, of slot: Int) {
        guard let mask else {
            if isUsed { _ = place(slot).initializeMemory(as: UInt8.self, repeating: 1) }
            return
        }
        precondition(mask.count == actionCount, "a mask has one entry per action")
        if !isUsed { use() }
        // A `Bool` is a byte, 0 or 1.
        mask.withUnsafeBytes { place(slot).copyMemory(from: $0) }
    }

    /// Keeps the mask of a slot as that of the last observation of a row's truncated episode.
    func keep(_ slot: Int, asFinalOf row: Int) {
        if isUsed { place(slots + row).copyMemory(from: UnsafeRawBufferPointer(place(slot))) }
    }

    /// Returns the mask of a slot; `nil` if no observation has one.
    subscript(slot: Int) -> UnsafeRawBufferPointer? { isUsed ? UnsafeRawBufferPointer(place(slot)) : nil }

    /// Returns the mask of the last observation of a row's truncated episode.
    func final(of row: Int) -> UnsafeRawBufferPointer? { self[slots + row] }

    /// Removes all masks, but keeps the memory.
    func clear() { isUsed = false }

    private func use() {
        if entries.count == 0 { entries = .allocate(byteCount: (slots + rows) * actionCount, alignment: 16) }
        _ = entries.initializeMemory(as: UInt8.self, repeating: 1)
        isUsed = true
    }

    private func place(_ index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: entries[(index * actionCount)..<((index + 1) * actionCount)])
    }

    /// The masks of the first slots, then the final ones of the given rows; for a checkpoint.
    func bytes(slots count: Int, finals: [Int]) -> [UInt8] {
        (Array(0..<count) + finals.map { slots + $0 }).flatMap { Array(place($0)) }
    }

    /// Restores ``bytes(slots:finals:)``. A mask of zeros alone restricts nothing.
    ///
    /// - Throws: `ModelError` (`invalidSnapshot`) if the number of bytes differs, or one is neither 0 nor 1.
    func restore(_ snapshot: StateSnapshot, _ name: String, slots count: Int, finals: [Int]) throws(ModelError) {
        guard snapshot.values[name] != nil else { return }
        let stored = try snapshot.uint8(name, count: (count + finals.count) * actionCount)
        if let value = stored.first(where: { $0 > 1 }) {
            throw .invalid("The stored segment has the byte \(value) in an action mask; valid are 0 and 1.")
        }
        use()
        for (index, target) in (Array(0..<count) + finals.map { slots + $0 }).enumerated() {
            let mask = stored[(index * actionCount)..<((index + 1) * actionCount)]
            if mask.contains(1) { place(target).copyBytes(from: mask) }
        }
    }
}
