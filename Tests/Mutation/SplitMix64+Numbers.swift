extension SplitMix64 {
    /// A number that readers are known to stumble over where a file has another one.
    ///
    /// - Parameter width: The bytes that the file has for it.
    package mutating func stumblingBlock(near old: UInt64, width: Int = 8) -> UInt64 {
        switch Int.random(in: 0..<12, using: &self) {
        case 0: 0
        case 1: .max
        case 2: UInt64.max >> 1
        case 3: old &+ 1
        case 4: old &- 1
        case 5: old ^ 1 << UInt64.random(in: 0..<UInt64(8 * width), using: &self)
        case 6, 7: UInt64.random(in: 0..<16, using: &self)
        case 8: UInt64.random(in: 0..<64, using: &self)
        case 9: 1 << UInt64.random(in: 0..<64, using: &self)
        case 10: old &* UInt64.random(in: 2..<9, using: &self)
        default: next()
        }
    }
}
