import Foundation
import Testing

/// A strict reader of event files, independent of the writer: every byte must belong to an intact record.
struct RecordedEvents {
    struct Event {
        var time = 0.0
        var step = 0
        var version: String?
        var isStart = false
        var scalars: [String: Float] = [:]
        /// The bytes of pictures by tag.
        var pictures: [String: [UInt8]] = [:]
        /// The counts of histograms by tag.
        var histograms: [String: [Double]] = [:]
        /// The contents of values that belong to a plug-in, by tag.
        var metadata: [String: [UInt8]] = [:]
    }

    /// The events of each file, in the order of the names.
    let files: [(name: String, events: [Event])]

    var events: [Event] { files.flatMap(\.events) }

    /// The numbers of a tag by step; a repeated step is a failure.
    func scalars(_ tag: String) -> [Int: Float] {
        var found: [Int: Float] = [:]
        for event in events {
            guard let value = event.scalars[tag] else { continue }
            #expect(found.updateValue(value, forKey: event.step) == nil, "\(tag) has step \(event.step) twice")
        }
        return found
    }

    init(_ folder: URL) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.contains("tfevents") }
        files = try names.sorted().map { name in
            (name, try Self.events([UInt8](Data(contentsOf: folder.appendingPathComponent(name)))))
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Bit by bit.
    private static func check(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var rest: UInt32 = ~0
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
        }
        rest = ~rest
        return UInt64((rest >> 15 | rest << 17) &+ 0xA282_EAD8)
    }

    private static func events(_ file: [UInt8]) throws -> [Event] {
        var (events, rest): ([Event], ArraySlice<UInt8>) = ([], file[...])
        while !rest.isEmpty {
            try #require(rest.count >= 16, "a record has sixteen bytes around the event")
            let start = rest.startIndex
            let length = Int(number(rest[start..<start + 8]))
            #expect(number(rest[start + 8..<start + 12]) == check(rest[start..<start + 8]))
            try #require(rest.count >= 16 + length)
            let body = rest[start + 12..<start + 12 + length]
            #expect(number(rest[body.endIndex..<body.endIndex + 4]) == check(body))
            events.append(try event(body))
            rest = rest[(body.endIndex + 4)...]
        }
        return events
    }

    private static func event(_ bytes: ArraySlice<UInt8>) throws -> Event {
        var event = Event()
        for (field, value, body) in try fields(bytes) {
            switch field {
            case 1: event.time = Double(bitPattern: value)
            case 2: event.step = Int(value)
            case 3: event.version = String(decoding: body, as: UTF8.self)
            case 5:
                for (field, _, item) in try fields(body) where field == 1 { try add(item, to: &event) }
            case 7: event.isStart = try fields(body).contains { $0.field == 1 && $0.value == 1 }
            default: Issue.record("an event has field \(field)")
            }
        }
        return event
    }

    private static func add(_ bytes: ArraySlice<UInt8>, to event: inout Event) throws {
        let tag = String(decoding: try part(1, of: bytes), as: UTF8.self)
        for (field, value, body) in try fields(bytes) {
            switch field {
            case 1: break
            case 2: event.scalars[tag] = Float(bitPattern: UInt32(value))
            case 4: event.pictures[tag] = Array(try part(4, of: body))
            case 5:
                let counts = try part(7, of: body)
                event.histograms[tag] = stride(from: counts.startIndex, to: counts.endIndex, by: 8).map {
                    Double(bitPattern: number(counts[$0..<$0 + 8]))
                }
            case 8: break
            case 9:
                let plugin = try part(1, of: body)
                let name = String(decoding: try part(1, of: plugin), as: UTF8.self)
                #expect(name == "hparams")
                event.metadata[tag] = Array(try part(2, of: plugin))
            default: Issue.record("a value has field \(field)")
            }
        }
    }

    /// The first part of a message with a number.
    static func part(_ number: Int, of bytes: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        let found = try fields(bytes).first { $0.field == number }
        return try #require(found).body
    }

    /// The fields of a message of Protocol Buffers.
    static func fields(
        _ bytes: ArraySlice<UInt8>
    ) throws -> [(field: Int, value: UInt64, body: ArraySlice<UInt8>)] {
        var rest = bytes
        func variable() throws -> UInt64 {
            var (result, shift): (UInt64, UInt64) = (0, 0)
            while true {
                let next = rest.popFirst()
                let byte = try #require(next)
                result |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return result }
                shift += 7
            }
        }
        var found: [(field: Int, value: UInt64, body: ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            let key = try variable()
            var (value, body): (UInt64, ArraySlice<UInt8>) = (0, [])
            switch key & 7 {
            case 0: value = try variable()
            case 1, 5:
                let count = key & 7 == 1 ? 8 : 4
                try #require(rest.count >= count)
                value = number(rest.prefix(count))
                rest = rest.dropFirst(count)
            case 2:
                let count = Int(try variable())
                try #require(rest.count >= count)
                body = rest.prefix(count)
                rest = rest.dropFirst(count)
            default: Issue.record("wire type \(key & 7)")
            }
            found.append((Int(key >> 3), value, body))
        }
        return found
    }
}
