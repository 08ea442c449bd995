/// What a run must know of one of its recorded events to continue its file.
package struct EventOutline: Sendable, Equatable {
    /// Seconds since 1970.
    package private(set) var time = 0.0
    /// The agent step; 0 for events without one.
    package private(set) var step = 0
    /// What the event holds: `scalars`, or the tag of a picture, histogram or other value; empty for the rest.
    package private(set) var kind = ""

    /// The kind of events with the numbers of a row of metrics.
    package static let scalars = "scalars"

    /// Reads an event.
    ///
    /// - Returns: `nil` for bytes that are no event.
    package init?(_ event: ArraySlice<UInt8>) {
        var fields = Fields(event)
        while let field = fields.next() {
            switch (field.number, field.value) {
            case (1, .fixed(let bits)): time = Double(bitPattern: bits)
            case (2, .number(let bits)):
                guard let step = Int(exactly: bits) else { return nil }
                self.step = step
            case (5, .bytes(let summary)):
                guard let kind = Self.kind(of: summary) else { return nil }
                self.kind = kind
            default: break
            }
        }
        guard fields.isComplete, time.isFinite else { return nil }
    }

    /// Returns the kind of a summary's first value.
    private static func kind(of summary: ArraySlice<UInt8>) -> String? {
        var values = Fields(summary)
        while let value = values.next() {
            guard value.number == 1, case .bytes(let bytes) = value.value else { continue }
            var tag = ""
            var fields = Fields(bytes)
            while let field = fields.next() {
                if field.number == 2 { return scalars }
                if field.number == 1, case .bytes(let text) = field.value {
                    tag = String(decoding: text, as: UTF8.self)
                }
            }
            return fields.isComplete ? tag : nil
        }
        return values.isComplete ? "" : nil
    }
}

/// The fields of a message in the wire format of Protocol Buffers.
private struct Fields {
    enum Value {
        case number(UInt64)
        case fixed(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>
    private var isDamaged = false

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Whether all bytes were fields.
    var isComplete: Bool { rest.isEmpty && !isDamaged }

    /// Returns the next field; `nil` at the end and at damage.
    mutating func next() -> (number: UInt64, value: Value)? {
        guard !rest.isEmpty, !isDamaged else { return nil }
        guard let key = variable(), let value = value(ofType: key & 7) else {
            isDamaged = true
            return nil
        }
        return (key >> 3, value)
    }

    private mutating func value(ofType type: UInt64) -> Value? {
        switch type {
        case 0: return variable().map { .number($0) }
        case 1: return take(8).map { .fixed($0.reversed().reduce(0) { $0 << 8 | UInt64($1) }) }
        case 5: return take(4).map { .fixed($0.reversed().reduce(0) { $0 << 8 | UInt64($1) }) }
        case 2: return variable().flatMap { Int(exactly: $0) }.flatMap { take($0) }.map { .bytes($0) }
        default: return nil
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func variable() -> UInt64? {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        return nil
    }
}
