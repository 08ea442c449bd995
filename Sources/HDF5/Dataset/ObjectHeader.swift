/// The messages of an object's header, read without libhdf5.
///
/// Opening a dataset makes the library decode them, and damaged ones can end the process in there: a virtual dataset's
/// selections are copied as far as they claim (1.10.8). So they are found and looked at first.
struct ObjectHeader {
    /// One message as it lies in the file.
    struct Message {
        /// The number of its type.
        let type: UInt64
        /// Whether it lies elsewhere and this is a reference to it.
        let isShared: Bool
        /// What the type makes of it.
        let body: HeaderBytes
    }

    /// Far above what a dataset or group needs, also with attributes.
    private enum Limit {
        static let bytes = 1 << 20
        static let chunks = 64
        /// Read at first: all of the header of most objects as libhdf5 writes it.
        static let firstRead = 1024
    }

    /// All messages, those of continuations behind the others.
    private(set) var messages: [Message] = []

    /// Reads the header at an address.
    ///
    /// - Parameter owner: the object, for messages.
    /// - Throws: ``HDF5Error``: `layoutNotAllowed` for what is no header, `callFailed` where the file cannot be read.
    init(of owner: HeaderBytes.Owner, at address: UInt64, in file: borrowing FileBytes) throws(HDF5Error) {
        var first = HeaderBytes(owner, try file.read(Limit.firstRead, at: address))
        let isSecondVersion = first.starts(with: "OHDR")
        let length: Int
        var messageFlags: UInt64 = 0
        if isSecondVersion {
            try first.skip(4)
            guard try first.number(1) == 2 else { throw first.refusal("a header of an unknown version") }
            messageFlags = try first.number(1)
            guard messageFlags < 0x40 else { throw first.refusal("a header with unknown flags") }
            // Times, and when attributes move elsewhere.
            try first.skip((messageFlags & 0x20 != 0 ? 16 : 0) + (messageFlags & 0x10 != 0 ? 4 : 0))
            length = try first.length(1 << Int(messageFlags & 3))
        } else {
            guard try first.number(1) == 1 else { throw first.refusal("a header of an unknown version") }
            // The numbers of messages and of links: all messages are looked at, whatever is claimed.
            try first.skip(7)
            length = try first.length(4)
            try first.skip(4)
        }
        var read = length
        guard read <= Limit.bytes else { throw first.refusal("a header of \(length) bytes") }
        if first.count < length {
            // What was read at the address had the prefix, so that the sum does not overflow.
            first = HeaderBytes(owner, try file.read(length, at: address + UInt64(first.position)))
        }
        var chunks = [try first.part(length)]
        var next = 0
        while next < chunks.count {
            var chunk = chunks[next]
            next += 1
            while let message = try chunk.nextMessage(isSecondVersion, hasOrder: messageFlags & 4 != 0) {
                guard message.type == 0x10 else {
                    messages.append(message)
                    continue
                }
                guard !message.isShared else { throw chunk.refusal("a continuation that lies elsewhere") }
                var body = message.body
                let (continuation, size) = (try body.number(8), try body.length(8))
                guard size <= Limit.bytes - read, chunks.count < Limit.chunks else {
                    throw chunk.refusal("a header in more parts than one can need")
                }
                read += size
                var part = HeaderBytes(owner, try file.read(size, at: continuation))
                guard part.count == size else { throw part.refusal("a header behind the end of the file") }
                if isSecondVersion {
                    guard part.starts(with: "OCHK"), size >= 8 else { throw part.refusal("a broken continuation") }
                    try part.skip(4)
                    // Without the checksum, which the library compares.
                    part = try part.part(size - 8)
                }
                chunks.append(part)
            }
        }
    }
}

/// Bytes of a header from which numbers are taken, little endian, never beyond their end.
struct HeaderBytes {
    /// Whose they are, by its path from the root: for messages.
    enum Owner {
        case dataset(String)
        case group(String)
        case other(String)
    }

    private let owner: Owner
    private var rest: ArraySlice<UInt8>

    init(_ owner: Owner, _ bytes: [UInt8]) {
        self.owner = owner
        rest = bytes[...]
    }

    /// Bytes that are left.
    var count: Int { rest.count }
    /// Bytes in front of them.
    var position: Int { rest.startIndex }

    /// Whether the last of them is 0.
    var endsWithZero: Bool { rest.last == 0 }

    func starts(with text: StaticString) -> Bool { rest.starts(with: text.description.utf8) }

    /// Takes a number of up to eight bytes.
    mutating func number(_ byteCount: Int) throws(HDF5Error) -> UInt64 {
        var value: UInt64 = 0
        for byte in try part(byteCount).rest.reversed() { value = value << 8 | UInt64(byte) }
        return value
    }

    /// Takes a number of bytes.
    mutating func length(_ byteCount: Int) throws(HDF5Error) -> Int { Int(clamping: try number(byteCount)) }

    mutating func skip(_ count: Int) throws(HDF5Error) { _ = try part(count) }

    /// Takes bytes.
    mutating func part(_ count: Int) throws(HDF5Error) -> HeaderBytes {
        guard count <= rest.count else { throw refusal("a header that ends too early") }
        var part = self
        part.rest = rest.prefix(count)
        rest = rest.dropFirst(count)
        return part
    }

    /// Takes the next message of a part of a header; `nil` at its end.
    ///
    /// - Parameters:
    ///   - isSecondVersion: of the header.
    ///   - hasOrder: whether messages tell when they were made, which those of the second version can.
    fileprivate mutating func nextMessage(
        _ isSecondVersion: Bool, hasOrder: Bool
    ) throws(HDF5Error) -> ObjectHeader.Message? {
        let prefix = isSecondVersion ? (hasOrder ? 6 : 4) : 8
        // The second version may leave a gap that is too small for a message.
        if isSecondVersion ? count < prefix : count == 0 { return nil }
        let type = try number(isSecondVersion ? 1 : 2)
        let length = try length(2)
        let flags = try number(1)
        try skip(prefix - (isSecondVersion ? 4 : 5))
        guard isSecondVersion || length.isMultiple(of: 8) else { throw refusal("a message without its padding") }
        return ObjectHeader.Message(type: type, isShared: flags & 2 != 0, body: try part(length))
    }

    /// The error for an object that has something which is not opened.
    func refusal(_ thing: String, _ code: HDF5Error.Code = .layoutNotAllowed) -> HDF5Error {
        let message =
            switch owner {
            case .dataset(let path):
                "The dataset /\(path) has \(thing), which is never opened; write plain numbers, in one piece or chunks."
            case .group(let path):
                "The group /\(path) has \(thing), which is never opened; write groups as HDF5 1.8 does."
            case .other(let path): "The object /\(path) has \(thing), which is never opened."
            }
        return HDF5Error(code: code, message: message)
    }
}
