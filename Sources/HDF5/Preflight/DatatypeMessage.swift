/// The type of a dataset's or an attribute's elements, as a message stores it.
struct DatatypeMessage {
    /// The classes that are decoded; others have decoders of their own, which follow nested types.
    enum Kind: UInt64 {
        case integer = 0
        case float = 1
        case text = 3
        /// Text of variable length, which is refused wherever it is read, but can be decoded safely.
        case variableText = 9
    }

    let kind: Kind
    /// Size of an element.
    let byteCount: Int
}

extension MetadataReader {
    /// Reads a datatype message. libhdf5 1.10.8 reads as much of it as its class needs, whatever its length.
    mutating func datatype() throws(HDF5Error) -> DatatypeMessage {
        let head = try integer(1)
        guard let kind = DatatypeMessage.Kind(rawValue: head & 0x0f) else {
            throw refusal("elements other than numbers", .wrongType)
        }
        guard (1...3).contains(head >> 4) else { throw refusal("elements of an unknown version", .wrongType) }
        let flags = try integer(3)
        let byteCount = try length(4)
        // Sizes are compared with those of the dataset, and are 0 only in a damaged message.
        let bits = byteCount == 0 ? Int.max : 8 * byteCount
        switch kind {
        case .integer:
            let (offset, precision) = (try length(2), try length(2))
            guard precision > 0, offset + precision <= bits else { throw refusal("numbers beyond their bytes") }
        case .float:
            let (offset, precision) = (try length(2), try length(2))
            let (exponent, exponentBits) = (try length(1), try length(1))
            let (mantissa, mantissaBits) = (try length(1), try length(1))
            // The exponent's bias.
            try skip(4)
            let (sign, norm) = (Int(flags >> 8 & 0xff), flags >> 4 & 3)
            guard precision > 0, offset + precision <= bits, exponentBits > 0, exponent + exponentBits <= bits,
                mantissaBits > 0, mantissa + mantissaBits <= bits, sign < bits, norm < 3
            else { throw refusal("numbers beyond their bytes") }
        case .text:
            guard flags & 0x0f <= 2, flags >> 4 & 0x0f <= 1 else {
                throw refusal("text of an unknown kind", .wrongType)
            }
        case .variableText:
            // Sequences can have elements of any type.
            guard flags & 0x0f == 1, let base = try? datatype(), base.kind == .text || base.kind == .integer else {
                throw refusal("elements of variable length", .wrongType)
            }
        }
        return DatatypeMessage(kind: kind, byteCount: byteCount)
    }
}
