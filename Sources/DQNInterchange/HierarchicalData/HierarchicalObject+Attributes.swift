internal import DQNModel

/// Attributes, which Keras keeps its configuration and the names of weights in.
extension HierarchicalObject {
    /// Returns the texts of an attribute, in order, or `nil` if there is none of this name.
    ///
    /// - Throws: ``InterchangeError``: `malformed`; `notRepresentable` if it holds anything but text.
    func texts(_ name: String) throws(InterchangeError) -> [String]? {
        try file.visit(8 * messages.count)
        for message in messages {
            var body = ByteReader(message.body, "An attribute of \(words) of \(file.name)")
            switch message.kind {
            case HierarchicalMessage.Kind.attribute:
                if let texts = try texts(name, &body, message.isShared) { return texts }
            case HierarchicalMessage.Kind.attributeInfo:
                _ = try body.byte()
                if try body.byte() & 1 != 0 { _ = try body.take(2) }
                guard try body.number(8) == HierarchicalFile.undefined else {
                    throw .notRepresentable(
                        "\(words) of \(file.name) stores attributes outside its header, which is not supported; save the "
                            + "file with h5py's defaults.")
                }
            default: break
            }
        }
        return nil
    }

    /// Returns the texts of an attribute that Keras splits into `NAME0`, `NAME1`, … if it is longer than a header.
    func splitTexts(_ name: String) throws(InterchangeError) -> [String]? {
        if let texts = try texts(name) { return texts }
        var all: [String]?
        var index = 0
        while let texts = try texts("\(name)\(index)") {
            all = (all ?? []) + texts
            index += 1
        }
        return all
    }

    private func texts(
        _ wanted: String, _ body: inout ByteReader, _ isShared: Bool
    ) throws(InterchangeError) -> [String]? {
        let version = try body.byte()
        let flags = try body.byte()
        guard (1...3).contains(version) else { throw .malformed("\(body.name) has the unknown version \(version).") }
        let sizes = (name: try body.count(2), type: try body.count(2), space: try body.count(2))
        if version == 3 { _ = try body.byte() }
        // Version 1 pads each part to eight bytes.
        func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
        let name = try body.take(padded(sizes.name)).prefix(sizes.name)
        guard name.prefix(while: { $0 != 0 }).elementsEqual(wanted.utf8) else { return nil }
        let words = "The attribute '\(wanted)' of \(self.words) of \(file.name)"
        guard !isShared, version == 1 || flags == 0 else {
            throw .notRepresentable("\(words) has a type that is stored elsewhere, which is not supported.")
        }
        var typeBytes = ByteReader(try body.take(padded(sizes.type)), words)
        let type = try HierarchicalType(&typeBytes)
        var spaceBytes = ByteReader(try body.take(padded(sizes.space)), words)
        guard let shape = try HierarchicalSpace.shape(&spaceBytes) else { return [] }
        let count = try ForeignTensor.count(of: shape, words)
        var values = ByteReader(body.bytes[body.position...], words)
        // Elements without bytes would be a list of any length in no file at all.
        guard type.byteCount > 0, count <= values.remaining / type.byteCount else {
            throw .malformed("\(words) is longer than its header.")
        }
        var texts: [String] = []
        for _ in 0..<count {
            switch type.kind {
            case .text(let isPaddedWithSpaces):
                var bytes = try values.take(type.byteCount).prefix { $0 != 0 }
                while isPaddedWithSpaces, bytes.last == 0x20 { bytes = bytes.dropLast() }
                texts.append(try values.text(bytes))
            case .variableText:
                texts.append(try file.variableText(&values, words))
            default: throw .notRepresentable("\(words) is no text.")
            }
        }
        return texts
    }
}

extension HierarchicalFile {
    /// Reads the reference of a text of variable length, and the text from its global heap.
    func variableText(_ reference: inout ByteReader, _ words: String) throws(InterchangeError) -> String {
        let count = try reference.count(4)
        let (address, index) = (try reference.number(8), try reference.count(4))
        if count == 0 { return "" }
        guard let stored = try globalHeap(at: address, words)[index], count <= stored.count else {
            throw .malformed("\(words) refers to text that is not in the file.")
        }
        // Many references may share one text.
        try produce(count)
        return try reference.text(stored.prefix(count).prefix { $0 != 0 })
    }

    /// Returns the objects of a collection of a global heap by their numbers.
    private func globalHeap(at address: UInt64, _ words: String) throws(InterchangeError) -> [Int: ArraySlice<UInt8>] {
        if let known = heaps[address] { return known }
        var head = try structure(at: address, count: 16, words)
        guard head.bytes.starts(with: "GCOL".utf8) else { throw damaged(words) }
        _ = try head.take(8)
        let size = try head.count(8)
        guard size >= 16 else { throw damaged(words) }
        var rest = try structure(at: address + 16, count: size - 16, words)
        var objects: [Int: ArraySlice<UInt8>] = [:]
        while rest.remaining >= 16 {
            let index = try rest.count(2)
            _ = try rest.take(6)
            let count = try rest.count(8)
            // Number 0 is the free space at the end.
            if index == 0 { break }
            objects[index] = try rest.take(count)
            _ = try rest.take(min((8 - count % 8) % 8, rest.remaining))
        }
        heaps[address] = objects
        return objects
    }
}
