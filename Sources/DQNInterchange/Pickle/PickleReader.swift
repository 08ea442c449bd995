internal import DQNModel

/// Reads a Python pickle without running it: a table of names (``PickleName``) stands for what pickles of tensors call,
/// and every other name is refused. Protocols 0 to 5.
///
/// Its memory and time are proportional to the file: a pickle may refer to a long text, list or array in two bytes, so that
/// whatever an operation copies or compares is counted.
struct PickleReader {
    /// Bounds for untrusted pickles.
    enum Limit {
        /// Operations, and values of the tree that a pickle becomes, for a file of a size. A compressed pickle may have a
        /// thousand operations for each byte of its file.
        static func operations(_ fileByteCount: Int) -> Int { min(1 << 19 + fileByteCount, 1 << 22) }
        static func values(_ fileByteCount: Int) -> Int { min(1 << 19 + fileByteCount, 1 << 20) }
        /// Bytes of texts and arrays that are copied.
        static func copiedBytes(_ fileByteCount: Int) -> Int { 1 << 24 + 4 * fileByteCount }
        /// The nesting of the value that is returned.
        static let depth = 64
        /// The largest place in the memo.
        static let memoIndex = 1 << 22
    }

    let name: String
    let fileByteCount: Int
    var reader: ByteReader
    var stack: [PickleValue] = []
    var marks: [Int] = []
    var memo: [Int: PickleValue] = [:]
    var containers: [PickleContainer] = []
    /// Whether every name may be mentioned. No name can be called then.
    var mentionsAnyName = false
    /// Items that calls have copied from one container to another.
    private var copiedItems = 0
    /// Bytes of texts that calls have copied.
    private var copiedBytes = 0
    /// Returns the object that an identifier outside the pickle stands for.
    let persistent: ([PickleValue]) throws(InterchangeError) -> PickleValue

    /// - Parameters:
    ///   - name: How errors call the pickle.
    ///   - fileByteCount: The size of the file that the pickle is in.
    ///   - persistent: The storages of PyTorch's files, by the items of their identifiers.
    init(
        _ reader: ByteReader, _ name: String, fileByteCount: Int,
        persistent: @escaping ([PickleValue]) throws(InterchangeError) -> PickleValue
    ) {
        self.name = name
        self.fileByteCount = fileByteCount
        self.reader = reader
        self.persistent = persistent
    }

    /// Reads up to the end of the pickle; ``reader`` is behind it then.
    ///
    /// - Throws: ``InterchangeError``: `malformed`, or `notRepresentable` for a name outside the table.
    mutating func value() throws(InterchangeError) -> PickleValue {
        let limit = Limit.operations(fileByteCount)
        for _ in 0..<limit {
            let code = try reader.byte()
            if code == UInt8(ascii: ".") {
                guard stack.count == 1, marks.isEmpty else {
                    throw .malformed("\(name) ends with \(stack.count) values.")
                }
                return try pop()
            }
            if try pushes(code) { continue }
            if try builds(code) { continue }
            if try assembles(code) { continue }
            throw .malformed(
                "\(name) has the operation 0x\(String(code, radix: 16)) at byte \(reader.offset - 1), which no pickle "
                    + "of tensors needs.")
        }
        throw .malformed("\(name) has more than \(limit) operations.")
    }

    mutating func pop() throws(InterchangeError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw .malformed("\(name) takes a value from an empty stack before byte \(reader.offset).")
        }
        return value
    }

    /// Takes the values since the last mark.
    mutating func popToMark() throws(InterchangeError) -> [PickleValue] {
        guard let mark = marks.popLast() else {
            throw .malformed("\(name) goes back to a mark that it lacks before byte \(reader.offset).")
        }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    mutating func push(_ kind: PickleContainer.Kind, _ items: [PickleValue]) {
        containers.append(PickleContainer(kind: kind, items: items))
        stack.append(.container(containers.count - 1))
    }

    /// The items of a tuple or list.
    func items(_ value: PickleValue) -> [PickleValue]? {
        guard case .container(let place) = value, containers[place].kind != .dictionary else { return nil }
        return containers[place].items
    }

    /// The items of a tuple or list that a call copies. A short pickle may ask for many copies of a long list.
    mutating func copies(_ value: PickleValue?) throws(InterchangeError) -> [PickleValue] {
        guard let value, let items = items(value) else { return [] }
        copiedItems += items.count
        guard copiedItems <= Limit.operations(fileByteCount) else {
            throw .malformed("\(name) copies its lists too often.")
        }
        return items
    }

    /// Counts a text that a call copies. A short pickle may ask for many copies of a long text.
    mutating func count(_ text: String) throws(InterchangeError) {
        copiedBytes += text.utf8.count
        guard copiedBytes <= Limit.copiedBytes(fileByteCount) else {
            throw .malformed("\(name) copies its texts too often.")
        }
    }

    /// The items of a tuple or list of integers that may be extents or strides.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let items = items(value), items.count <= ForeignTensor.axisLimit else { return nil }
        let integers = items.compactMap { item -> Int? in
            guard case .integer(let number) = item else { return nil }
            return Int(exactly: number)
        }
        return integers.count == items.count ? integers : nil
    }

    func malformed(_ words: String) -> InterchangeError {
        .malformed("\(name) has \(words) before byte \(reader.offset).")
    }
}
