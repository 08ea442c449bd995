/// The checksum of HDF5's structures since HDF5 1.8: Bob Jenkins's lookup3 with the initial value 0.
enum MetadataChecksum {
    /// Returns the checksum of bytes.
    static func of(_ bytes: some RandomAccessCollection<UInt8>) -> UInt32 {
        let start = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
        var (a, b, c) = (start, start, start)
        var rest = bytes[...]
        while rest.count > 12 {
            add(rest.prefix(12), to: &a, &b, &c)
            rest = rest.dropFirst(12)
            a = (a &- c) ^ rotated(c, 4)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 6)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 8)
            b = b &+ a
            a = (a &- c) ^ rotated(c, 16)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 19)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 4)
            b = b &+ a
        }
        if rest.isEmpty { return c }
        add(rest, to: &a, &b, &c)
        c = (c ^ b) &- rotated(b, 14)
        a = (a ^ c) &- rotated(c, 11)
        b = (b ^ a) &- rotated(a, 25)
        c = (c ^ b) &- rotated(b, 16)
        a = (a ^ c) &- rotated(c, 4)
        b = (b ^ a) &- rotated(a, 14)
        return (c ^ b) &- rotated(b, 24)
    }

    /// Adds up to twelve bytes, as three little-endian words padded with zeros.
    private static func add(
        _ bytes: some Collection<UInt8>, to a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32
    ) {
        for (index, byte) in bytes.enumerated() {
            let value = UInt32(byte) << UInt32(8 * (index & 3))
            switch index >> 2 {
            case 0: a = a &+ value
            case 1: b = b &+ value
            default: c = c &+ value
            }
        }
    }

    private static func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
