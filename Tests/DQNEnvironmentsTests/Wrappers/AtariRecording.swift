import Foundation

/// `Fixtures/atari/preprocessing.json`; see `Fixtures/README.md`.
struct AtariRecording: Decodable {
    struct Colours: Decodable {
        let colours: Data
        let greys: Data
    }

    struct Noise: Decodable {
        let rows: Int
        let columns: Int
        let side: Int
        let picture: Data
    }

    struct Whole: Decodable {
        let frames: [Data]
        let pictures: [Data]
    }

    struct Game: Decodable {
        let environment: String
        let seed: UInt64
        let actions: String
        let rewards: [Double]
        let lives: [Int]
        let pictures: [String?]
        let smallPictures: [String?]
        let frames: [String]
        let whole: [Whole]
        let ended: Bool
    }

    let colours: Colours
    let noise: [Noise]
    let games: [Game]

    static let shared: AtariRecording = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do { return try decoder.decode(AtariRecording.self, from: Fixtures.data("atari/preprocessing.json")) } catch {
            fatalError("Invalid Fixtures/atari/preprocessing.json: \(error)")
        }
    }()

    /// Expands pairs of a count and a byte.
    static func expanded(_ runs: Data) -> [UInt8] {
        let pairs = [UInt8](runs)
        return stride(from: 0, to: pairs.count, by: 2).flatMap {
            [UInt8](repeating: pairs[$0 + 1], count: Int(pairs[$0]))
        }
    }

    /// The CRC-32 of bytes, as in zlib.
    static func check(_ bytes: some Sequence<UInt8>) -> String {
        var sum: UInt32 = 0xffff_ffff
        for byte in bytes { sum = table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
        let text = String(~sum, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
    }
}
