package import DQNModel
internal import Foundation

/// A message of the control stream between the chief and a shard or worker process; see `docs/distributed.md`.
///
/// On the wire it is four bytes with the length of a JSON object, the object, and the bytes of the payload.
package struct ControlMessage: Codable, Sendable, Equatable {
    /// What a message says.
    package enum Kind: String, Codable, Sendable {
        // To the chief.
        case join, ready, lease, alive, figures, held, state, failed, leave
        // From the chief.
        case welcome, refused, assign, proceed, steps, accepted, pause, stop, report, hold, fetch, end
    }

    /// How a run has ended.
    package enum Outcome: String, Codable, Sendable {
        /// It has taken its steps, reached its target or been interrupted; its state is saved.
        case ended
        /// It has failed.
        case failed
    }

    package var type: Kind

    // Of a join.
    package var protocolVersion: Int?
    package var release: String?
    package var name: String?
    /// `shard` or `worker`.
    package var role: String?
    /// The number of workers of a process.
    package var count: Int?
    /// Where a shard listens.
    package var address: String?

    // Of a welcome or an assignment.
    package var run: RunIdentity?
    /// The layout digest, as 16 hexadecimal digits: JSON numbers of 64 bits are not safe in every language.
    package var layout: String?
    package var configuration: JSONValue?
    /// The addresses of the shards, by index.
    package var shards: [String]?
    /// The indices of a process's workers.
    package var workers: [Int]?
    /// The index of a shard.
    package var shard: Int?
    package var elements: Int?
    package var maximumStaleness: Int?
    package var exchange: ExchangeOptions?
    package var isNew: Bool?
    package var statistics: [String: Double]?

    // Of a lease, its answers and everything else.
    package var worker: Int?
    package var taken: Int?
    package var episodes: Int?
    package var releases: Bool?
    /// The number of a hold.
    package var held: Int?
    /// Whether the next message continues the payload.
    package var more: Bool?
    package var most: Int?
    package var first: Int?
    /// Agent steps of the run so far.
    package var total: Int?
    package var figures: [FiguresDocument]?
    /// Gradients of the process that shards found too old.
    package var dropped: Int?
    /// Whether the sums for a row of metrics begin again.
    package var resets: Bool?
    package var reason: String?
    package var outcome: Outcome?

    /// The most bytes of a payload that is sent in pieces. The other side hears of the sender meanwhile: a piece must not
    /// take as long as a process may be silent.
    static let longestPiece = 1 << 20

    /// What follows the object; not part of it.
    package var payload: [UInt8] = []

    enum CodingKeys: String, CodingKey {
        case type, release, name, role, count, address, run, layout, configuration, shards, workers, shard, elements
        case exchange, statistics, worker, taken, episodes, releases, most, first, total, figures, resets
        case dropped, held, more, reason, outcome
        case protocolVersion = "protocol"
        case maximumStaleness = "max_staleness"
        case isNew = "new"
    }

    package init(_ type: Kind) { self.type = type }

    /// The bytes of the message.
    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let json = try encoder.encode(self)
        var bytes = withUnsafeBytes(of: UInt32(json.count).littleEndian) { Array($0) }
        bytes.reserveCapacity(4 + json.count + payload.count)
        bytes += json
        bytes += payload
        return bytes
    }

    /// Reads a message.
    ///
    /// - Throws: ``ClusterError`` (`malformedMessage`).
    package init(decoding bytes: UnsafeRawBufferPointer) throws(ClusterError) {
        guard bytes.count >= 4 else { throw .malformed("a control message has \(bytes.count) bytes") }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        // A configuration and the figures of thousands of workers are smaller.
        guard length <= min(bytes.count - 4, 16 << 20) else {
            throw .malformed("a control message announces an object of \(length) bytes, but has \(bytes.count)")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do { self = try decoder.decode(Self.self, from: Data(bytes[4..<(4 + length)])) } catch {
            throw .malformed("a control message is no object of this release")
        }
        payload = Array(bytes[(4 + length)...])
    }
}

extension RunIdentity: Codable {
    /// As 32 hexadecimal digits.
    package var text: String {
        words.0.hexadecimalDigits + words.1.hexadecimalDigits
    }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard text.utf8.count == 32, let first = UInt64(text.prefix(16), radix: 16),
            let second = UInt64(text.suffix(16), radix: 16)
        else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no identity of a run"))
        }
        self.init(first, second)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension UInt64 {
    /// Sixteen digits.
    var hexadecimalDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
