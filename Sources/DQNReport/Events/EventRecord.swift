/// A record of an event file: the length of the event, its check, the event and its check.
package enum EventRecord {
    /// Bytes before an event.
    package static let headerBytes = 12
    /// Bytes behind an event.
    package static let trailerBytes = 4
    /// Events of more bytes are taken for damage.
    package static let limit = 1 << 26

    /// Returns the record of an event.
    package static func framed(_ event: [UInt8]) -> [UInt8] {
        let length = bytes(UInt64(event.count), 8)
        return length + bytes(UInt64(CastagnoliChecksum.masked(length)), 4) + event
            + bytes(UInt64(CastagnoliChecksum.masked(event)), 4)
    }

    /// Returns the length of the event that a header announces; `nil` for a damaged header.
    package static func length(of header: [UInt8]) -> Int? {
        guard header.count == headerBytes,
            number(header[8...]) == UInt64(CastagnoliChecksum.masked(header[..<8])),
            let length = Int(exactly: number(header[..<8])), length <= limit
        else { return nil }
        return length
    }

    /// Whether the check behind an event is right.
    package static func isIntact(_ event: ArraySlice<UInt8>, check: ArraySlice<UInt8>) -> Bool {
        check.count == trailerBytes && number(check) == UInt64(CastagnoliChecksum.masked(event))
    }

    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
