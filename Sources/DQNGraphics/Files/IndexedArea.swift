/// A part of a picture in at most 256 colours. The first colour means "unchanged".
///
/// If there are more colours, those with equal upper bits in each channel are merged into their mean. As few lower bits as
/// possible are ignored.
struct IndexedArea {
    /// The colours. The first is a placeholder.
    let palette: [PictureColor]
    /// The palette index of each pixel, row by row.
    let indices: [UInt8]

    /// The number of bits of an index, 1 to 8.
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

    /// Returns `nil` if there are more than 256 colours.
    ///
    /// - Parameter dropped: the number of ignored lower bits per channel; six bits leave 64 colours.
    private init?(_ picture: Picture, _ area: ChangedArea, _ old: Picture?, dropping dropped: Int) {
        var known: [UInt32: UInt8] = [:]
        var sums: [(red: Int, green: Int, blue: Int, count: Int)] = [(0, 0, 0, 1)]
        var indices: [UInt8] = []
        indices.reserveCapacity(area.columns.count * area.rows.count)
        // Neighbouring pixels often have the same colour.
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
