import CDeflate
import DQNGraphics
import Foundation
import Testing

/// Compares the encoded files with `Fixtures/pictures`, which `Fixtures/scripts/check_pictures.py` decodes independently.
///
/// `DQN_RECORD_PICTURES=1` records them again. Run the script before committing.
@Suite struct EncoderTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/pictures")

    private func recorded(_ name: String, _ bytes: [UInt8]) throws -> [UInt8] {
        let url = Self.directory.appending(path: name)
        if ProcessInfo.processInfo.environment["DQN_RECORD_PICTURES"] == "1" { try Data(bytes).write(to: url) }
        return [UInt8](try Data(contentsOf: url))
    }

    /// The hash of `Fixtures/README.md`.
    private func hash(_ index: Int, salt: UInt32) -> UInt32 {
        var x = UInt32(truncatingIfNeeded: index) &+ salt &* 0x9E37_79B9
        x ^= x >> 16
        x = x &* 0x85EB_CA6B
        x ^= x >> 13
        x = x &* 0xC2B2_AE35
        return x ^ (x >> 16)
    }

    private func film(_ color: (_ x: Int, _ y: Int) -> [Int]) -> Picture {
        Picture(
            width: 96, height: 64,
            bytes: (0..<96 * 64).flatMap { color($0 % 96, $0 / 96).map { UInt8(truncatingIfNeeded: $0) } })
    }

    private func fewColors(_ salt: (_ x: Int, _ y: Int) -> UInt32) -> Picture {
        film { x, y in
            let color = Int(hash(y * 96 + x, salt: salt(x, y)) % 200)
            return [color, 255 - color, color * 7]
        }
    }

    @Test("GIF frames have the recorded bytes: few colours, a change, no change, many colours")
    func gif() throws {
        let first = fewColors { _, _ in 12 }
        let second = fewColors { x, y in (10..<30).contains(x) && (20..<40).contains(y) ? 13 : 12 }
        let many = film { x, y in [x * 255 / 95, y * 255 / 63, x + y] }
        var encoder = GIFEncoder(width: 96, height: 64)
        var bytes = encoder.header
        bytes += encoder.frame(first, hundredths: 7)
        let beforeChange = bytes.count
        bytes += encoder.frame(second, hundredths: 4)
        let change = bytes.count - beforeChange
        bytes += encoder.frame(second, hundredths: 200)
        let noChange = bytes.count - beforeChange - change
        bytes += encoder.frame(many, hundredths: 10)
        bytes += GIFEncoder.trailer
        #expect(try bytes == recorded("film.gif", bytes))
        #expect(beforeChange > 6_000 && change < 1_500 && noChange < 40, "a frame contains only the changes")
    }

    @Test("A PNG has the recorded bytes, except for compressed data that depends on the libdeflate version")
    func png() throws {
        let picture = Picture(width: 5, height: 4, bytes: (0..<60).map { UInt8(hash($0, salt: 11) >> 24) })
        let bytes = try PNGEncoder.encode(picture)
        let recorded = try recorded("tiny.png", bytes)
        // Signature and header.
        #expect(bytes.prefix(33) == recorded.prefix(33))
        #expect(bytes.suffix(12) == recorded.suffix(12))
        #expect(try pixels(bytes) == pixels(recorded))
        #expect(try pixels(bytes) == picture.bytes)
    }

    /// Returns the pixels of the only data chunk. Every filter number must be 0.
    private func pixels(_ file: [UInt8]) throws -> [UInt8] {
        func number(_ position: Int) -> Int { file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) } }
        let (width, height, length) = (number(16), number(20), number(33))
        try #require(Array(file[37..<41]) == Array("IDAT".utf8))
        let checked = Array(file[37..<41 + length])
        #expect(Int(libdeflate_crc32(0, checked, checked.count)) == number(41 + length))
        let decompressor = try #require(libdeflate_alloc_decompressor())
        defer { libdeflate_free_decompressor(decompressor) }
        var rows = [UInt8](repeating: 0, count: height * (3 * width + 1))
        let packed = Array(file[41..<41 + length])
        try #require(
            libdeflate_zlib_decompress(decompressor, packed, packed.count, &rows, rows.count, nil)
                == LIBDEFLATE_SUCCESS)
        return try (0..<height).flatMap { row in
            let start = row * (3 * width + 1)
            try #require(rows[start] == 0)
            return rows[start + 1..<start + 1 + 3 * width]
        }
    }
}
