internal import DQNModel

/// Reads a Python pickle without running it: a table of names (``PickleName``) stands for what pickles of tensors call,
/// and every other name is refused. Protocols 0 to 5.
///
/// Its memory and time are proportional to the bytes.
struct PickleReader {
    /// Bounds for untrusted pickles.
    enum Limit {
        /// Operations, and items of all containers.
        static let operations = 1 << 22
        /// Values of the tree that a pickle becomes.
        static let values = 1 << 20
        /// The nesting of the value that is returned.
        static let depth = 64
        /// The largest place in the memo.
        static let memoIndex = 1 << 22
    }

    let name: String
    var reader: ByteReader
    var stack: [PickleValue] = []
    var marks: [Int] = []
    var memo: [Int: PickleValue] = [:]
    var containers: [PickleContainer] = []
    /// Items that calls have copied from one container to another.
    private var copied = 0
    /// Returns the object that an identifier outside the pickle stands for.
    let persistent: ([PickleValue]) throws(InterchangeError) -> PickleValue

    /// - Parameters:
    ///   - name: How errors call the pickle.
    ///   - persistent: The storages of PyTorch's files, by the items of their identifiers.
    init(
        _ reader: ByteReader, _ name: String,
        persistent: @escaping ([PickleValue]) throws(InterchangeError) -> PickleValue
    ) {
        self.name = name
        self.reader = reader
        self.persistent = persistent
    }

    /// Reads up to the end of the pickle; ``reader`` is behind it then.
    ///
    /// - Throws: ``InterchangeError``: `malformed`, or `notRepresentable` for a name outside the table.
    mutating func value() throws(InterchangeError) -> PickleValue {
        for _ in 0..<Limit.operations {
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
        throw .malformed("\(name) has more than \(Limit.operations) operations.")
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
        copied += items.count
        guard copied <= Limit.operations else { throw .malformed("\(name) copies its lists too often.") }
        return items
    }

    /// The items of a tuple or list of integers that may be extents or strides.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let items = items(value) else { return nil }
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
