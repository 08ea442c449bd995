/// The messages of an object's header.
///
/// libhdf5 decodes them when it opens an object or only asks for its kind, and damaged ones can crash it there: 1.10.8
/// reads a short continuation message beyond its end, and copies the selections of a virtual dataset without checking
/// their length. They are therefore read and checked first.
struct ObjectHeader {
    /// One header message.
    struct Message {
        /// The number of its type.
        let type: UInt64
        /// Whether the message is stored elsewhere and this is a reference to it.
        let isShared: Bool
        let body: MetadataReader
    }

    /// Far above what a dataset or group needs, also with attributes.
    private enum Limit {
        static let bytes = 1 << 20
        static let chunks = 64
        /// Bytes of the first read, enough for the whole header of most objects that libhdf5 writes.
        static let firstRead = 1024
    }

    /// All messages; those of continuation blocks follow the others.
    private(set) var messages: [Message] = []
    /// The number of hard links to the object, as the header claims.
    private(set) var links = 1
    private var isVersion2 = false
    /// Whether messages store their creation order, as those of version 2 can.
    private var hasOrder = false

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - owner: the object, for error messages.
    ///   - address: of the header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` for anything but a header, `callFailed` if the file cannot be read.
    init(of owner: MetadataReader.Owner, at address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        try read(owner, at: address, in: file)
    }

    /// Reads a header as far as it is sound.
    ///
    /// - Parameter failure: receives the reason if the rest is refused.
    /// - Throws: ``HDF5Error``: `callFailed` if the file cannot be read.
    init(
        of owner: MetadataReader.Owner, at address: UInt64, in file: borrowing FileBytes, failure: inout HDF5Error?
    ) throws(HDF5Error) {
        do throws(HDF5Error) { try read(owner, at: address, in: file) } catch {
            guard error.code == .layoutNotAllowed else { throw error }
            failure = error
        }
    }

    /// The kind of object that libhdf5 takes it for.
    var kind: HDF5.ObjectKind {
        let types = Set(messages.map(\.type))
        if types.contains(MessageType.symbolTable) || types.contains(MessageType.linkInfo) { return .group }
        return types.isSuperset(of: [MessageType.datatype, MessageType.dataspace]) ? .dataset : .other
    }

    private mutating func read(
        _ owner: MetadataReader.Owner, at address: UInt64, in file: borrowing FileBytes
    ) throws(HDF5Error) {
        var chunks = [try firstChunk(of: owner, at: address, in: file)]
        var (read, seen) = (chunks[0].count, Set([address]))
        var next = 0
        while next < chunks.count {
            var chunk = chunks[next]
            next += 1
            while let message = try nextMessage(of: &chunk) {
                if message.type == MessageType.referenceCount { try readReferenceCount(message) }
                guard message.type == MessageType.continuation else {
                    messages.append(message)
                    continue
                }
                guard !message.isShared else { throw chunk.refusal("a shared continuation message") }
                var body = message.body
                let (continuation, size) = (try body.integer(8), try body.length(8))
                guard size <= Limit.bytes - read, chunks.count < Limit.chunks else {
                    throw chunk.refusal("a header with too many continuation blocks")
                }
                guard seen.insert(continuation).inserted else {
                    throw chunk.refusal("a header with continuation blocks in a circle")
                }
                read += size
                let bytes = try file.read(size, at: continuation)
                var part = MetadataReader(owner, bytes)
                guard part.count == size else { throw part.refusal("a header beyond the end of the file") }
                guard size >= 8 else { throw part.refusal("an invalid continuation block") }
                if isVersion2 {
                    guard part.starts(with: "OCHK") else { throw part.refusal("an invalid continuation block") }
                    try part.requireChecksum(of: bytes[...])
                    try part.skip(4)
                    part = try part.part(size - 8)
                }
                chunks.append(part)
            }
        }
    }

    /// Reads a header's beginning and returns the messages in its first block.
    private mutating func firstChunk(
        of owner: MetadataReader.Owner, at address: UInt64, in file: borrowing FileBytes
    ) throws(HDF5Error) -> MetadataReader {
        var bytes = try file.read(Limit.firstRead, at: address)
        var first = MetadataReader(owner, bytes)
        isVersion2 = first.starts(with: "OHDR")
        let length: Int
        if isVersion2 {
            try first.skip(4)
            guard try first.integer(1) == 2 else { throw first.refusal("a header of an unknown version") }
            let flags = try first.integer(1)
            guard flags < 0x40 else { throw first.refusal("a header with unknown flags") }
            hasOrder = flags & 4 != 0
            // Times, and the attribute counts at which storage changes.
            try first.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
            length = try first.length(1 << Int(flags & 3))
        } else {
            guard try first.integer(1) == 1 else { throw first.refusal("a header of an unknown version") }
            // The count of messages is skipped, because all messages are read anyway.
            try first.skip(3)
            links = try first.length(4)
            length = try first.length(4)
            try first.skip(4)
        }
        guard length <= Limit.bytes else { throw first.refusal("a header of \(length) bytes") }
        // Version 2 has a checksum after the messages.
        let wanted = first.position + length + (isVersion2 ? 4 : 0)
        if bytes.count < wanted {
            bytes = try file.read(wanted, at: address)
            let start = first.position
            first = MetadataReader(owner, bytes)
            guard bytes.count == wanted else { throw first.refusal("a header beyond the end of the file") }
            try first.skip(start)
        }
        let messages = try first.part(length)
        if isVersion2 { try first.requireChecksum(of: bytes.prefix(wanted)) }
        return messages
    }

    /// Reads the number of hard links from a message, which libhdf5 does while it loads the header.
    private mutating func readReferenceCount(_ message: Message) throws(HDF5Error) {
        var body = message.body
        guard isVersion2, !message.isShared, try body.integer(1) == 0 else {
            throw body.refusal("a number of links of an unknown kind")
        }
        links = try body.length(4)
    }

    /// Reads the next message of a header block; `nil` at its end.
    private func nextMessage(of chunk: inout MetadataReader) throws(HDF5Error) -> Message? {
        let prefix = isVersion2 ? (hasOrder ? 6 : 4) : 8
        // Version 2 may leave a gap that is too small for a message.
        if isVersion2 ? chunk.count < prefix : chunk.count == 0 { return nil }
        let type = try chunk.integer(isVersion2 ? 1 : 2)
        let length = try chunk.length(2)
        let flags = try chunk.integer(1)
        try chunk.skip(prefix - (isVersion2 ? 4 : 5))
        guard isVersion2 || length.isMultiple(of: 8) else { throw chunk.refusal("a message without padding") }
        return Message(type: type, isShared: flags & 2 != 0, body: try chunk.part(length))
    }
}

extension MetadataReader {
    /// Throws unless the last four bytes are the checksum of those before them.
    fileprivate func requireChecksum(of bytes: ArraySlice<UInt8>) throws(HDF5Error) {
        var stored = MetadataReader(self, bytes.suffix(4))
        guard try stored.integer(4) == UInt64(MetadataChecksum.of(bytes.dropLast(4))) else {
            throw refusal("a header with a wrong checksum")
        }
    }
}
