/// Encodes pictures of one size as a looping GIF 89a, frame by frame.
///
/// Each frame contains only the rectangle that changed, with its own palette; unchanged pixels in it are transparent. Game
/// videos then need a few kilobytes per frame.
package struct GIFEncoder {
    private let width: Int
    private let height: Int
    private var shown: Picture?

    /// The largest extent that the format supports.
    package static let largestExtent = 65_535

    /// Creates an encoder.
    ///
    /// - Precondition: the extents are positive and no larger than ``largestExtent``.
    package init(width: Int, height: Int) {
        precondition((1...Self.largestExtent).contains(width) && (1...Self.largestExtent).contains(height))
        (self.width, self.height) = (width, height)
    }

    /// The start of the file.
    package var header: [UInt8] {
        var bytes = Array("GIF89a".utf8)
        // There is no global palette.
        bytes += Self.littleEndian(width) + Self.littleEndian(height) + [0, 0, 0]
        // Netscape's extension makes the video loop forever.
        bytes += [0x21, 0xFF, 11]
        bytes += Array("NETSCAPE2.0".utf8)
        bytes += [3, 1, 0, 0, 0]
        return bytes
    }

    /// The end of the file.
    package static let trailer: [UInt8] = [0x3B]

    /// Returns the next frame.
    ///
    /// - Parameters:
    ///   - picture: a picture of the video's size.
    ///   - hundredths: how long to show it, in hundredths of a second.
    package mutating func frame(_ picture: Picture, hundredths: Int) -> [UInt8] {
        precondition(picture.width == width && picture.height == height, "all frames must have the same size")
        let area = ChangedArea(from: shown, to: picture)
        let indexed = IndexedArea(picture, area, unchangedSince: shown)
        // Unchanged pixels keep their displayed colour, even if colours were merged.
        shown = picture
        let bits = indexed.bits
        // Keep the previous frame; index 0 is transparent.
        var bytes: [UInt8] = [0x21, 0xF9, 4, 0b0000_0101]
        bytes += Self.littleEndian(min(hundredths, 65_535))
        bytes += [0, 0, 0x2C]
        for number in [area.columns.lowerBound, area.rows.lowerBound, area.columns.count, area.rows.count] {
            bytes += Self.littleEndian(number)
        }
        bytes.append(0x80 | UInt8(bits - 1))
        for color in indexed.palette { bytes += [color.red, color.green, color.blue] }
        bytes += [UInt8](repeating: 0, count: 3 * ((1 << bits) - indexed.palette.count))
        let smallest = max(bits, 2)
        bytes.append(UInt8(smallest))
        let data = LZWEncoder.encode(indexed.indices, bits: smallest)
        for start in stride(from: 0, to: data.count, by: 255) {
            let block = data[start..<min(start + 255, data.count)]
            bytes.append(UInt8(block.count))
            bytes += block
        }
        bytes.append(0)
        return bytes
    }

    private static func littleEndian(_ value: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
}
