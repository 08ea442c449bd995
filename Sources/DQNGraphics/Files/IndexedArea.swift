/// A part of a picture in at most 256 colours, the first of them standing for "as before".
///
/// Where there are more, colours are merged that agree in the upper bits of their channels, as few bits less as will
/// do; what they share is their mean.
struct IndexedArea {
    /// Colours; the first is none.
    let palette: [PictureColor]
    /// An index into the palette for each pixel, row by row.
    let indices: [UInt8]

    /// Bits of an index, 1 to 8.
    var bits: Int {
        var bits = 1
        while 1 << bits < palette.count { bits += 1 }
        return bits
    }

    init(_ picture: Picture, _ area: ChangedArea, unchangedSince old: Picture?) {
        var dropped = 0
        while true {
            if let result = IndexedArea(picture, area, old, dropping: dropped) {
                self = result
                return
            }
            dropped += 1
        }
    }

    /// - Parameter dropped: lowest bits of a channel that do not tell colours apart; with six, 64 colours are left.
    private init?(_ picture: Picture, _ area: ChangedArea, _ old: Picture?, dropping dropped: Int) {
        var known: [UInt32: UInt8] = [:]
        var sums: [(red: Int, green: Int, blue: Int, count: Int)] = [(0, 0, 0, 1)]
        var indices: [UInt8] = []
        indices.reserveCapacity(area.columns.count * area.rows.count)
        // Neighbours mostly are of one colour.
        var last: (code: UInt32, index: UInt8)?
        for y in area.rows {
            for x in area.columns {
                let color = picture[x, y]
                if let old, old[x, y] == color {
                    indices.append(0)
                    continue
                }
                let code = Self.code(color, dropping: dropped)
                let index: UInt8
                if let last, last.code == code {
                    index = last.index
                } else if let found = known[code] {
                    index = found
                } else {
                    guard sums.count < 256 else { return nil }
                    index = UInt8(sums.count)
                    known[code] = index
                    sums.append((0, 0, 0, 0))
                }
                last = (code, index)
                if dropped > 0 || sums[Int(index)].count == 0 {
                    sums[Int(index)].red += Int(color.red)
                    sums[Int(index)].green += Int(color.green)
                    sums[Int(index)].blue += Int(color.blue)
                    sums[Int(index)].count += 1
                }
                indices.append(index)
            }
        }
        palette = sums.map { sum in
            func mean(_ total: Int) -> UInt8 { UInt8((total + sum.count / 2) / sum.count) }
            return PictureColor(red: mean(sum.red), green: mean(sum.green), blue: mean(sum.blue))
        }
        self.indices = indices
    }

    private static func code(_ color: PictureColor, dropping dropped: Int) -> UInt32 {
        UInt32(color.red >> dropped) << 16 | UInt32(color.green >> dropped) << 8 | UInt32(color.blue >> dropped)
    }
}
