/// A colour as screens show it: red, green and blue, 0 to 255 each.
public struct PictureColor: Sendable, Hashable {
    /// The share of red.
    public var red: UInt8
    /// The share of green.
    public var green: UInt8
    /// The share of blue.
    public var blue: UInt8

    /// Creates a colour from its shares.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// Creates a colour from its code, as in `0xFFD166`; what is above 24 bits is left out.
    public init(_ code: UInt32) {
        self.init(
            red: UInt8(truncatingIfNeeded: code >> 16), green: UInt8(truncatingIfNeeded: code >> 8),
            blue: UInt8(truncatingIfNeeded: code))
    }
}

/// A picture in colour: rows from the top, pixels from the left, three bytes each (red, green, blue).
public struct Picture: Sendable, Equatable {
    /// Pixels of a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `3 * width * height` bytes.
    public internal(set) var bytes: [UInt8]

    /// Creates a picture of one colour.
    ///
    /// - Precondition: both extents are positive.
    public init(width: Int, height: Int, filledWith color: PictureColor) {
        precondition(width > 0 && height > 0, "a picture has pixels")
        (self.width, self.height) = (width, height)
        bytes = [UInt8](repeating: color.red, count: 3 * width * height)
        if color.red == color.green, color.red == color.blue { return }
        for start in stride(from: 0, to: bytes.count, by: 3) {
            bytes[start + 1] = color.green
            bytes[start + 2] = color.blue
        }
    }

    /// Creates a picture from its bytes.
    ///
    /// - Precondition: both extents are positive, and there are `3 * width * height` bytes.
    public init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(width > 0 && height > 0 && bytes.count == 3 * width * height, "three bytes make a pixel")
        (self.width, self.height, self.bytes) = (width, height, bytes)
    }

    /// The colour of a pixel.
    ///
    /// - Precondition: the pixel is in the picture.
    public subscript(x: Int, y: Int) -> PictureColor {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel lies outside the picture")
        let start = 3 * (y * width + x)
        return PictureColor(red: bytes[start], green: bytes[start + 1], blue: bytes[start + 2])
    }
}
