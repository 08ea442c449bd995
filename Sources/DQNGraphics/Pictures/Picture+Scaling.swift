extension Picture {
    /// Returns the picture scaled to another size. Each new pixel is the mean of the area that it covers.
    ///
    /// A whole multiple of the size repeats pixels. The result has the same bytes on every machine. Takes time
    /// proportional to the pixels of both pictures.
    /// - Precondition: both extents are positive.
    package func resized(width newWidth: Int, height newHeight: Int) -> Picture {
        if newWidth == width, newHeight == height { return self }
        precondition(newWidth > 0 && newHeight > 0, "the extents must be positive")
        let columns = Self.spans(from: width, to: newWidth)
        let rows = Self.spans(from: height, to: newHeight)
        // The weights of an axis add up to its old extent.
        let total = width * height
        var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
        // The sums of one row before the division.
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

    /// Returns the largest size that fits a frame and keeps the proportions, at least one pixel in each direction.
    ///
    /// - Precondition: both extents of the frame are positive.
    package func size(fittingWidth frameWidth: Int, height frameHeight: Int) -> (width: Int, height: Int) {
        precondition(frameWidth > 0 && frameHeight > 0, "the extents must be positive")
        if frameWidth * height <= frameHeight * width {
            return (frameWidth, max((frameWidth * height + width / 2) / width, 1))
        }
        return (max((frameHeight * width + height / 2) / height, 1), frameHeight)
    }

    /// Returns the indices of the old pixels that each new pixel of an axis covers, with the covered lengths. In the unit of
    /// length an old pixel is as long as the new extent and a new pixel as long as the old extent.
    private static func spans(from old: Int, to new: Int) -> [[(Int, Int)]] {
        (0..<new).map { index in
            let (start, end) = (index * old, (index + 1) * old)
            return (start / new...(end - 1) / new).map { pixel in
                (pixel, min(end, (pixel + 1) * new) - max(start, pixel * new))
            }
        }
    }
}
