/// The valid counts: every JSON reader represents them exactly, and adding to them cannot overflow.
enum CountRange {
    static let valid = 0...(1 << 53)
}
