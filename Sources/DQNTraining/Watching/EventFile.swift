internal import DQNReport
internal import DQNSupport
internal import Foundation

/// Reads event files of a run, which may have been killed while it wrote, or come from a stranger: memory holds one event.
enum EventFile {
    /// Where a file holds an event.
    struct Entry {
        let path: String
        /// The place of the record.
        let offset: Int
        let byteCount: Int
        let outline: EventOutline
    }

    /// A part of a new file.
    enum Part {
        /// A record of an earlier file.
        case stored(Entry)
        /// A new record.
        case new(SummaryEvent, step: Int)

        /// The agent step.
        var step: Int {
            switch self {
            case .stored(let entry): entry.outline.step
            case .new(_, let step): step
            }
        }

        /// Writes the record.
        func write(to descriptor: Int32) throws(SystemError) {
            switch self {
            case .stored(let entry):
                let record = try RegularFile(entry.path, followingLinks: false)
                    .read(entry.byteCount, at: entry.offset)
                try AtomicFile.write(Data(record), to: descriptor)
            case .new(let event, _): try AtomicFile.write(Data(event.record), to: descriptor)
            }
        }
    }

    /// Returns the events of a file up to its end or to the first damage, such as the half record that a kill leaves.
    ///
    /// - Throws: `SystemError` if it cannot be read: what it holds would be lost.
    static func outlines(of path: String) throws(SystemError) -> [Entry] {
        let file = try RegularFile(path, followingLinks: false)
        var entries: [Entry] = []
        var offset = 0
        while true {
            guard let length = EventRecord.length(of: try file.read(EventRecord.headerBytes, at: offset)) else { break }
            let start = offset + EventRecord.headerBytes
            let bytes = try file.read(length + EventRecord.trailerBytes, at: start)
            guard bytes.count == length + EventRecord.trailerBytes,
                EventRecord.isIntact(bytes[..<length], check: bytes[length...]),
                let outline = EventOutline(bytes[..<length])
            else { break }
            let end = start + bytes.count
            entries.append(Entry(path: path, offset: offset, byteCount: end - offset, outline: outline))
            offset = end
        }
        return entries
    }
}
