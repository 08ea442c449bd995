/// Writes pictures of one size as an endless GIF 89a, a piece of the file at a time.
///
/// Each frame holds only the rectangle that has changed, in a palette of its own, and in it what has not changed as
/// transparent: films of games then take a few kilobytes a frame.
package struct GIFEncoder {
    private let width: Int
    private let height: Int
    private var shown: Picture?

    /// The largest extent that the format knows.
    package static let largestExtent = 65_535

    /// Creates an encoder.
    ///
    /// - Precondition: the extents are positive and no larger than ``largestExtent``.
    package init(width: Int, height: Int) {
        precondition((1...Self.largestExtent).contains(width) && (1...Self.largestExtent).contains(height))
        (self.width, self.height) = (width, height)
    }

    /// The file's beginning.
    package var header: [UInt8] {
        var bytes = Array("GIF89a".utf8)
        // No palette for all frames.
        bytes += Self.littleEndian(width) + Self.littleEndian(height) + [0, 0, 0]
        // The extension, first Netscape's, says that the film begins again for ever.
        bytes += [0x21, 0xFF, 11]
        bytes += Array("NETSCAPE2.0".utf8)
        bytes += [3, 1, 0, 0, 0]
        return bytes
    }

    /// The file's end.
    package static let trailer: [UInt8] = [0x3B]

    /// The next frame.
    ///
    /// - Parameters:
    ///   - picture: of the film's size.
    ///   - hundredths: hundredths of a second that it is shown.
    package mutating func frame(_ picture: Picture, hundredths: Int) -> [UInt8] {
        precondition(picture.width == width && picture.height == height, "a film's frames are of one size")
        let area = ChangedArea(from: shown, to: picture)
        let indexed = IndexedArea(picture, area, unchangedSince: shown)
        // What has not changed keeps the colour that it got, also where colours had to be merged.
        shown = picture
        let bits = indexed.bits
        // Dispose of nothing; index 0 is transparent.
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

/// The smallest rectangle that has all that differs between two pictures; a single pixel where nothing does.
struct ChangedArea {
    var columns: Range<Int>
    var rows: Range<Int>

    init(from old: Picture?, to new: Picture) {
        guard let old else {
            (columns, rows) = (0..<new.width, 0..<new.height)
            return
        }
        let rowBytes = 3 * new.width
        func differs(_ row: Int) -> Bool {
            old.bytes[row * rowBytes..<(row + 1) * rowBytes] != new.bytes[row * rowBytes..<(row + 1) * rowBytes]
        }
        guard let top = (0..<new.height).first(where: differs) else {
            (columns, rows) = (0..<1, 0..<1)
            return
        }
        let bottom = (top..<new.height).last(where: differs) ?? top
        var (left, right) = (rowBytes, 0)
        for row in top...bottom {
            let range = row * rowBytes..<(row + 1) * rowBytes
            if let first = range.first(where: { old.bytes[$0] != new.bytes[$0] }) {
                left = min(left, first - range.lowerBound)
            }
            if let last = range.last(where: { old.bytes[$0] != new.bytes[$0] }) {
                right = max(right, last - range.lowerBound)
            }
        }
        (columns, rows) = (left / 3..<right / 3 + 1, top..<bottom + 1)
    }
}
