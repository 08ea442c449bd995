/// A colour: red, green and blue from 0 to 255.
public struct PictureColor: Sendable, Hashable {
    /// The components.
    public var red, green, blue: UInt8

    /// Creates a colour from its components.
    public init(red: UInt8, green: UInt8, blue: UInt8) {
        (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// Creates a colour from its code, such as `0xFFD166`. Ignores bits above the lowest 24.
    package init(_ code: UInt32) {
        self.init(
            red: UInt8(truncatingIfNeeded: code >> 16), green: UInt8(truncatingIfNeeded: code >> 8),
            blue: UInt8(truncatingIfNeeded: code))
    }
}

/// A colour picture: rows from the top, pixels from the left, three bytes per pixel (red, green, blue).
public struct Picture: Sendable, Equatable {
    /// The extents in pixels.
    public let width, height: Int
    /// The pixels, `3 * width * height` bytes.
    public internal(set) var bytes: [UInt8]

    /// Creates a picture of one colour.
    ///
    /// - Precondition: both extents are positive.
    public init(width: Int, height: Int, filledWith color: PictureColor) {
        precondition(width > 0 && height > 0, "the extents must be positive")
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
    /// - Precondition: both extents are positive, and `bytes` has `3 * width * height` bytes.
    public init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(
            width > 0 && height > 0 && bytes.count == 3 * width * height, "a picture needs three bytes per pixel")
        (self.width, self.height, self.bytes) = (width, height, bytes)
    }

    /// The colour of the pixel in column `x` of row `y`.
    ///
    /// - Precondition: the pixel is in the picture.
    public subscript(x: Int, y: Int) -> PictureColor {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel is outside the picture")
        let start = 3 * (y * width + x)
        return PictureColor(red: bytes[start], green: bytes[start + 1], blue: bytes[start + 2])
    }
}
