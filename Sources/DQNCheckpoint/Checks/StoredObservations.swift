internal import DQNModel
package import Foundation

/// Observations of a checkpoint's replay, as the network saw them, to compare policies on.
package struct StoredObservations: Sendable {
    /// The number of observations.
    package var count: Int { slots.count }

    private let element: ElementType
    private let frameBytes: Int
    /// The slots of the frames of each observation, oldest first; `nil` for a frame before the episode's start.
    private let slots: [[Int?]]
    private let frames: [Int: [UInt8]]

    /// Reads observations at even distances in the first replay of a file.
    ///
    /// - Parameter limit: The most observations, of which a stack takes several frames in memory.
    /// - Returns: `nil` if the file has no replay, or none whose frames are observations of the network.
    /// - Throws: Like ``Checkpoint/init(contentsOf:understanding:)``.
    package static func sample(
        ofReplayIn url: URL, limit: Int
    ) throws(CheckpointError) -> StoredObservations? {
        try CheckpointFile.open(url.path, for: .copying(replays: true), checksDigests: false) {
            (file) throws(CheckpointError) in
            let checkpoint = try CheckpointFile.checkpoint(file.reader)
            guard let index = checkpoint.workers.firstIndex(where: { $0.replay != nil }),
                let replay = checkpoint.workers[index].replay
            else { return nil }
            return try StoredObservations(
                replay, at: "workers/\(index)/replay", of: checkpoint, in: file, limit: limit)
        }
    }

    private init?(
        _ replay: ReplaySnapshot, at path: String, of checkpoint: Checkpoint, in file: OpenContainer, limit: Int
    ) throws(CheckpointError) {
        let depth = checkpoint.configuration["frame_stack"]?.integerValue ?? 1
        let input = checkpoint.architecture.input
        guard limit > 0, let entry = file.reader.manifest["\(path)/\(ReplayRules.frames)"],
            let flagEntry = file.reader.manifest["\(path)/flags"],
            (1...64).contains(depth), entry.bytesPerRow > 0, entry.type == input.element,
            entry.bytesPerRow * depth == input.byteCount
        else { return nil }
        var flags: [UInt8] = []
        try file.reader.forEachStoredRun(of: flagEntry) { flags += $0 }
        guard flags.count >= replay.count else { return nil }
        let whole = (0..<replay.count).filter { Self.stack(of: $0, depth, replay, flags) != nil }
        let chosen = min(limit, whole.count)
        slots = (0..<chosen).compactMap {
            Self.stack(of: whole[$0 * whole.count / chosen], depth, replay, flags)
        }
        element = entry.type
        frameBytes = entry.bytesPerRow
        frames = try Self.frames(Set(slots.joined().compactMap { $0 }), of: entry, in: file, count: replay.count)
        if slots.isEmpty { return nil }
    }

    /// Returns the slots of an observation's frames; `nil` if one of them is overwritten.
    private static func stack(
        of slot: Int, _ depth: Int, _ replay: ReplaySnapshot, _ flags: [UInt8]
    ) -> [Int?]? {
        let isStart = { (slot: Int) in ReplayFlags(rawValue: flags[slot]).contains(.episodeStart) }
        var stack: [Int?] = [slot]
        var current = slot
        while stack.count < depth {
            if isStart(current) {
                stack.append(nil)
                continue
            }
            // The ring's slot before the first one is in use only if the ring is full.
            let before = current == 0 ? replay.capacity - 1 : current - 1
            if before == replay.cursor || before >= replay.count { return nil }
            stack.append(before)
            current = before
        }
        return stack.reversed()
    }

    private static func frames(
        _ needed: Set<Int>, of entry: Manifest.Entry, in file: OpenContainer, count: Int
    ) throws(CheckpointError) -> [Int: [UInt8]] {
        var frames: [Int: [UInt8]] = [:]
        var first = 0
        let size = entry.bytesPerRow
        try file.reader.forEachStoredRun(of: entry) { (run) throws(CheckpointError) in
            let rows = run.count / size
            for slot in first..<min(first + rows, count) where needed.contains(slot) {
                let start = (slot - first) * size
                frames[slot] = Array(run[start..<(start + size)])
            }
            first += rows
        }
        return frames
    }

    /// Returns an observation as numbers; bytes are from 0 to 255.
    package subscript(index: Int) -> [Float] {
        slots[index].flatMap { slot -> [Float] in
            let frame = slot.flatMap { frames[$0] } ?? [UInt8](repeating: 0, count: frameBytes)
            return frame.withUnsafeBytes { element.floats($0) }
        }
    }
}

extension ElementType {
    /// Returns stored elements as numbers of single precision.
    fileprivate func floats(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        func numbers<Number: BitwiseCopyable>(_: Number.Type, _ number: (Number) -> Float) -> [Float] {
            (0..<(bytes.count / MemoryLayout<Number>.size)).map {
                number(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self))
            }
        }
        return switch self {
        case .uint8: numbers(UInt8.self) { Float($0) }
        case .float32: numbers(Float.self) { $0 }
        case .float64: numbers(Double.self) { Float($0) }
        case .int32: numbers(Int32.self) { Float($0) }
        case .int64: numbers(Int64.self) { Float($0) }
        case .uint64: numbers(UInt64.self) { Float($0) }
        }
    }
}
