/// The cyclic redundancy check with Castagnoli's polynomial (CRC-32C), masked as in files of records of TensorFlow.
package enum CastagnoliChecksum {
    /// The check of each byte, with the polynomial's bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82F6_3B78 : rest >> 1 }
    }

    /// Returns the check of bytes.
    package static func value(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }

    /// Returns the check in the form that files hold: turned and shifted, because the check of data that holds its own
    /// check would be constant.
    static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let value = value(bytes)
        return (value >> 15 | value << 17) &+ 0xA282_EAD8
    }
}
