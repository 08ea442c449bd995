@_spi(Distributed) import DQNDistributed
import DQNModel
import Testing

@Suite struct ControlMessageTests {
    private func decode(_ bytes: [UInt8]) throws -> ControlMessage {
        try bytes.withUnsafeBytes { try ControlMessage(decoding: $0) }
    }

    @Test func messagesArriveAsTheyWereSent() throws {
        var message = ControlMessage(.welcome)
        message.run = RunIdentity(1, .max)
        message.layout = "7f4ed22609d8d96c"
        message.configuration = .object(["workers": .integer(3)])
        message.shards = ["10.0.0.1:4000", "h2:1"]
        message.workers = [0, 3]
        message.exchange = ExchangeOptions()
        // Sums travel bit for bit, and the mean of no episodes is no number.
        message.statistics = ["loss_sum": 0.1 + 0.2, "updates": 1e300, "other_sum": -.infinity]
        message.payload = [0, 1, 255]
        #expect(try decode(message.encoded()) == message)
        #expect(try decode(ControlMessage(.alive).encoded()) == ControlMessage(.alive))
        let text = String(decoding: try message.encoded().dropFirst(4).dropLast(3), as: UTF8.self)
        #expect(text.contains(#""run":"0000000000000001ffffffffffffffff""#) && text.contains(#""type":"welcome""#))
    }

    private final class Recorder: ControlChannel, @unchecked Sendable {
        var messages: [[UInt8]] = []
        func send(_ message: [UInt8]) { messages.append(message) }
        func close() {}
    }

    @Test(arguments: [0, 1, 1 << 20, (2 << 20) + 5]) func longPayloadsTravelInPieces(count: Int) throws {
        let payload = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            for index in 0..<count { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
            initialized = count
        }
        var message = ControlMessage(.state)
        message.worker = 2
        let channel = Recorder()
        channel.send(message, inPieces: payload)
        let pieces = try channel.messages.map(decode)
        #expect(pieces.map(\.more) == Array(repeating: true, count: pieces.count - 1) + [nil])
        #expect(pieces.allSatisfy { $0.type == .state && $0.worker == 2 && $0.payload.count <= 1 << 20 })
        #expect(Array(pieces.map(\.payload).joined()) == payload)
    }

    @Test func otherBytesAreRefused() throws {
        let message = try ControlMessage(.alive).encoded()
        let unknown = Array(#"{"type":"dance"}"#.utf8)
        let cases: [[UInt8]] = [
            [], [1, 2, 3], Array(message.dropLast()), [255, 255, 255, 255] + Array(message.dropFirst(4)), [0, 0, 0, 0],
            [UInt8(unknown.count), 0, 0, 0] + unknown,
        ]
        for bytes in cases { #expect(throws: ClusterError.self, "\(bytes)") { try decode(bytes) } }
    }
}
