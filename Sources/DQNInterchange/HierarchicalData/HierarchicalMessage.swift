internal import DQNModel

/// A message of an object's header.
struct HierarchicalMessage {
    /// The types that are read, by their numbers in the file format specification.
    enum Kind {
        static let dataspace = 0x01
        static let linkInfo = 0x02
        static let datatype = 0x03
        static let link = 0x06
        static let externalFiles = 0x07
        static let layout = 0x08
        static let filters = 0x0b
        static let attribute = 0x0c
        static let continuation = 0x10
        static let symbolTable = 0x11
        static let attributeInfo = 0x15
    }

    let kind: Int
    /// Whether the message is elsewhere and this is a reference to it.
    let isShared: Bool
    let body: ArraySlice<UInt8>
}

extension HierarchicalFile {
    /// Returns the messages of an object's header.
    func messages(at address: UInt64, _ words: String) throws(InterchangeError) -> [HierarchicalMessage] {
        if let known = headers[address] { return known }
        var head = try structure(at: address, count: 16, words)
        let isVersion2 = head.bytes.starts(with: "OHDR".utf8)
        var hasOrder = false
        var block: (address: UInt64, count: Int)
        if isVersion2 {
            _ = try head.take(4)
            let (version, flags) = (try head.byte(), try head.byte())
            guard version == 2, flags < 0x40 else { throw unknown(words) }
            hasOrder = flags & 4 != 0
            let skipped = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
            let width = 1 << Int(flags & 3)
            var size = try structure(at: address, count: skipped + width, words)
            _ = try size.take(skipped)
            block = (address + UInt64(skipped + width), try size.count(width))
        } else {
            guard try head.number(2) == 1 else { throw unknown(words) }
            _ = try head.take(6)
            // The address lies within the file, so the sum does not overflow.
            block = (address + 16, try head.count(4))
        }
        var blocks = [block]
        var messages: [HierarchicalMessage] = []
        while let next = blocks.popLast() {
            block = next
            var rest = try structure(at: block.address, count: block.count, words)
            let prefix = isVersion2 ? (hasOrder ? 6 : 4) : 8
            // Version 2 may leave a gap that is too small for a message.
            while rest.remaining >= prefix {
                let kind = try rest.count(isVersion2 ? 1 : 2)
                let length = try rest.count(2)
                let flags = try rest.byte()
                _ = try rest.take(prefix - (isVersion2 ? 4 : 5))
                let message = HierarchicalMessage(kind: kind, isShared: flags & 2 != 0, body: try rest.take(length))
                guard kind == HierarchicalMessage.Kind.continuation else {
                    messages.append(message)
                    continue
                }
                var body = ByteReader(message.body, "\(words) of \(name)")
                let (address, count) = (try body.number(8), try body.count(8))
                // A continuation of version 2 has a signature before and a checksum after its messages.
                let margin = isVersion2 ? 4 : 0
                guard count >= 2 * margin, address < UInt64(Int.max - margin) else { throw unknown(words) }
                blocks.append((address + UInt64(margin), count - 2 * margin))
            }
        }
        headers[address] = messages
        return messages
    }

    func unknown(_ words: String) -> InterchangeError {
        .malformed("\(words) of \(name) has a header that is damaged or of an unknown version.")
    }
}
