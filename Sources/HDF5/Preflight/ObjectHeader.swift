/// The messages of an object's header.
///
/// libhdf5 decodes them when it opens a dataset, and damaged ones can crash it there: 1.10.8 copies the selections of a
/// virtual dataset without checking their length. They are therefore read and checked first.
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

    /// Reads a header.
    ///
    /// - Parameters:
    ///   - owner: the object, for error messages.
    ///   - address: of the header.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` for anything but a header, `callFailed` if the file cannot be read.
    init(of owner: MetadataReader.Owner, at address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        var first = MetadataReader(owner, try file.read(Limit.firstRead, at: address))
        let isVersion2 = first.starts(with: "OHDR")
        let length: Int
        var headerFlags: UInt64 = 0
        if isVersion2 {
            try first.skip(4)
            guard try first.integer(1) == 2 else { throw first.refusal("a header of an unknown version") }
            headerFlags = try first.integer(1)
            guard headerFlags < 0x40 else { throw first.refusal("a header with unknown flags") }
            // Times, and the attribute counts at which storage changes.
            try first.skip((headerFlags & 0x20 != 0 ? 16 : 0) + (headerFlags & 0x10 != 0 ? 4 : 0))
            length = try first.length(1 << Int(headerFlags & 3))
        } else {
            guard try first.integer(1) == 1 else { throw first.refusal("a header of an unknown version") }
            // The counts of messages and links are skipped, because all messages are read anyway.
            try first.skip(7)
            length = try first.length(4)
            try first.skip(4)
        }
        var read = length
        guard read <= Limit.bytes else { throw first.refusal("a header of \(length) bytes") }
        if first.count < length {
            // The prefix was read at this address, so the sum does not overflow.
            first = MetadataReader(owner, try file.read(length, at: address + UInt64(first.position)))
        }
        var chunks = [try first.part(length)]
        var next = 0
        while next < chunks.count {
            var chunk = chunks[next]
            next += 1
            while let message = try chunk.nextMessage(isVersion2, hasOrder: headerFlags & 4 != 0) {
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
                read += size
                var part = MetadataReader(owner, try file.read(size, at: continuation))
                guard part.count == size else { throw part.refusal("a header beyond the end of the file") }
                if isVersion2 {
                    guard part.starts(with: "OCHK"), size >= 8 else {
                        throw part.refusal("an invalid continuation block")
                    }
                    try part.skip(4)
                    // Excludes the checksum, which libhdf5 compares itself.
                    part = try part.part(size - 8)
                }
                chunks.append(part)
            }
        }
    }
}

/// The types of header messages that are read here, as the file format specification numbers them.
enum MessageType {
    static let nothing: UInt64 = 0x00
    static let dataspace: UInt64 = 0x01
    static let linkInfo: UInt64 = 0x02
    static let datatype: UInt64 = 0x03
    static let oldFillValue: UInt64 = 0x04
    static let fillValue: UInt64 = 0x05
    static let link: UInt64 = 0x06
    static let dataLayout: UInt64 = 0x08
    static let filterPipeline: UInt64 = 0x0b
    static let attribute: UInt64 = 0x0c
    static let comment: UInt64 = 0x0d
    static let oldModificationTime: UInt64 = 0x0e
    static let continuation: UInt64 = 0x10
    static let symbolTable: UInt64 = 0x11
    static let modificationTime: UInt64 = 0x12
    static let attributeInfo: UInt64 = 0x15
    static let referenceCount: UInt64 = 0x16
}

extension MetadataReader {
    /// Reads the next message of a header block; `nil` at its end.
    ///
    /// - Parameters:
    ///   - isVersion2: of the header.
    ///   - hasOrder: whether messages store their creation order, as those of version 2 can.
    fileprivate mutating func nextMessage(
        _ isVersion2: Bool, hasOrder: Bool
    ) throws(HDF5Error) -> ObjectHeader.Message? {
        let prefix = isVersion2 ? (hasOrder ? 6 : 4) : 8
        // Version 2 may leave a gap that is too small for a message.
        if isVersion2 ? count < prefix : count == 0 { return nil }
        let type = try integer(isVersion2 ? 1 : 2)
        let length = try length(2)
        let flags = try integer(1)
        try skip(prefix - (isVersion2 ? 4 : 5))
        guard isVersion2 || length.isMultiple(of: 8) else { throw refusal("a message without padding") }
        return ObjectHeader.Message(type: type, isShared: flags & 2 != 0, body: try part(length))
    }
}
