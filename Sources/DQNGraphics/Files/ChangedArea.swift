/// The smallest rectangle that contains all differences between two pictures; one pixel if there are none.
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
