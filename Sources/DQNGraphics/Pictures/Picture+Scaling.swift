extension Picture {
    /// The picture in another size, each pixel the mean of what it covers; O(pixels of both).
    ///
    /// A whole multiple of the size repeats pixels. Exact: the same bytes on every machine.
    /// - Precondition: both extents are positive.
    public func resized(width newWidth: Int, height newHeight: Int) -> Picture {
        if newWidth == width, newHeight == height { return self }
        precondition(newWidth > 0 && newHeight > 0, "a picture has pixels")
        let columns = Self.spans(from: width, to: newWidth)
        let rows = Self.spans(from: height, to: newHeight)
        // The weights of an axis add up to the extent that there was.
        let total = width * height
        var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
        // One row's sums, before the division.
        var sums = [Int](repeating: 0, count: 3 * width)
        for y in 0..<newHeight {
            for index in sums.indices { sums[index] = 0 }
            for (row, weight) in rows[y] {
                let start = 3 * width * row
                for index in 0..<3 * width { sums[index] += weight * Int(bytes[start + index]) }
            }
            for x in 0..<newWidth {
                var (red, green, blue) = (total / 2, total / 2, total / 2)
                for (column, weight) in columns[x] {
                    red += weight * sums[3 * column]
                    green += weight * sums[3 * column + 1]
                    blue += weight * sums[3 * column + 2]
                }
                let start = 3 * (y * newWidth + x)
                result[start] = UInt8(red / total)
                result[start + 1] = UInt8(green / total)
                result[start + 2] = UInt8(blue / total)
            }
        }
        return Picture(width: newWidth, height: newHeight, bytes: result)
    }

    /// The largest size within a frame that keeps the picture's proportions, at least one pixel each way.
    ///
    /// - Precondition: both extents of the frame are positive.
    public func size(fitting frameWidth: Int, _ frameHeight: Int) -> (width: Int, height: Int) {
        precondition(frameWidth > 0 && frameHeight > 0, "a frame has pixels")
        if frameWidth * height <= frameHeight * width {
            return (frameWidth, max((frameWidth * height + width / 2) / width, 1))
        }
        return (max((frameHeight * width + height / 2) / height, 1), frameHeight)
    }

    /// What each new pixel of an axis covers of the old ones: their indices, with lengths in units in which an old
    /// pixel is as long as the new extent, a new one as the old extent.
    private static func spans(from old: Int, to new: Int) -> [[(Int, Int)]] {
        (0..<new).map { index in
            let (start, end) = (index * old, (index + 1) * old)
            return (start / new...(end - 1) / new).map { pixel in
                (pixel, min(end, (pixel + 1) * new) - max(start, pixel * new))
            }
        }
    }
}
