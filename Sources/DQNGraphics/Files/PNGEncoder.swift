internal import CDeflate
internal import DQNModel

/// Encodes pictures as PNG with eight bits per channel, no filters and one data chunk.
package enum PNGEncoder {
    /// Returns the file's bytes.
    ///
    /// Rows are not filtered, because deflate compresses the large uniform areas of drawings well.
    /// - Throws: ``RecordingError`` (`inputOutput`) when memory for compression runs out.
    package static func encode(_ picture: Picture) throws(RecordingError) -> [UInt8] {
        var header = bigEndian(picture.width) + bigEndian(picture.height)
        // Eight bits; red, green and blue; the standard compression and filter methods; not interlaced.
        header += [8, 2, 0, 0, 0]
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", header)
        file += chunk("IDAT", try ZlibStream.compressed(rows(of: picture)))
        file += chunk("IEND", [])
        return file
    }

    /// Returns the rows, each after its filter number.
    private static func rows(of picture: Picture) -> [UInt8] {
        var rows: [UInt8] = []
        rows.reserveCapacity(picture.bytes.count + picture.height)
        for y in 0..<picture.height {
            rows.append(0)
            rows += picture.bytes[3 * y * picture.width..<3 * (y + 1) * picture.width]
        }
        return rows
    }

    private static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        let checked = Array(kind.utf8) + data
        return bigEndian(data.count) + checked + bigEndian(Int(libdeflate_crc32(0, checked, checked.count)))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
