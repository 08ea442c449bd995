/// The operations of a pickle, for mutations.
struct PickleOperation {
    /// With its argument.
    var bytes: [UInt8]

    /// How the argument of an operation is stored.
    private enum Argument {
        case none, fixed(Int), counted(Int), line, twoLines
    }

    private static func argument(_ code: UInt8) -> Argument? {
        switch code {
        case 0x80, UInt8(ascii: "K"), UInt8(ascii: "q"), UInt8(ascii: "h"), 0x82: .fixed(1)
        case UInt8(ascii: "M"), 0x83: .fixed(2)
        case UInt8(ascii: "J"), UInt8(ascii: "r"), UInt8(ascii: "j"), 0x84: .fixed(4)
        case UInt8(ascii: "G"), 0x95: .fixed(8)
        case 0x8C, UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8A: .counted(1)
        case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"), 0x8B: .counted(4)
        case 0x8D, 0x8E, 0x96: .counted(8)
        case UInt8(ascii: "c"), UInt8(ascii: "i"): .twoLines
        case UInt8(ascii: "p"), UInt8(ascii: "g"), UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"),
            UInt8(ascii: "V"), UInt8(ascii: "S"), UInt8(ascii: "P"):
            .line
        default: Argument.none
        }
    }

    /// Splits bytes into operations up to the end of the pickle; returns what follows.
    static func all(in bytes: ArraySlice<UInt8>) -> (operations: [PickleOperation], rest: ArraySlice<UInt8>) {
        var operations: [PickleOperation] = []
        var rest = bytes
        while let code = rest.first, operations.count < 100_000 {
            var count = 1
            switch argument(code) {
            case .fixed(let size): count += size
            case .counted(let size):
                count += size + Int(clamping: ForeignMutator.number(rest.dropFirst().prefix(size)) & 0xffff_ffff)
            case .line, .twoLines:
                count = (rest.firstIndex(of: 0x0A) ?? rest.endIndex - 1) - rest.startIndex + 1
                if case .twoLines? = argument(code) {
                    let second = rest.dropFirst(count)
                    count += (second.firstIndex(of: 0x0A) ?? second.endIndex - 1) - second.startIndex + 1
                }
            case nil, .some(.none): break
            }
            operations.append(PickleOperation(bytes: Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
            if code == UInt8(ascii: ".") { break }
        }
        return (operations, rest)
    }
}

extension ForeignMutator {
    /// Names that pickles of tensors mention, and one that they must not.
    private static let names = [
        "collections\nOrderedDict", "collections\ndefaultdict", "collections\ndeque", "builtins\nset",
        "_codecs\nencode",
        "torch._utils\n_rebuild_tensor_v2", "torch._utils\n_rebuild_parameter", "torch\nSize", "torch\ndevice",
        "torch\nFloatStorage", "torch\nHalfStorage", "torch\nLongStorage", "torch.storage\nUntypedStorage",
        "numpy.core.multiarray\n_reconstruct", "numpy\nndarray", "numpy\ndtype", "numpy.core.multiarray\nscalar",
        "numpy.core.numeric\n_frombuffer", "torch\nfloat32", "torch.nn.modules.activation\nTanh", "os\nsystem",
    ]

    /// Single operations without an argument.
    private static let codes =
        Array("(012)]}tldaesuRbQN.".utf8) + [0x85, 0x86, 0x87, 0x88, 0x89, 0x8F, 0x90, 0x91, 0x93, 0x94, 0x81]

    /// Changes one of the pickles that follow one another.
    mutating func changedPickles(_ bytes: [UInt8]) -> [UInt8] {
        var pickles: [[PickleOperation]] = []
        var rest = bytes[...]
        while rest.first == 0x80 || pickles.isEmpty, !rest.isEmpty, pickles.count < 6 {
            let (operations, following) = PickleOperation.all(in: rest)
            pickles.append(operations)
            rest = following
        }
        // The first two of the older format hold nothing but numbers.
        let first = pickles.count > 3 && !random.happens(onceIn: 10) ? 2 : 0
        guard !pickles.isEmpty, !random.happens(onceIn: 12) else { return changedBytes(bytes) }
        let chosen = Int.random(in: first..<pickles.count, using: &random)
        pickles[chosen] = changed(pickles[chosen])
        return pickles.flatMap { $0.flatMap(\.bytes) } + rest
    }

    private mutating func changed(_ operations: [PickleOperation]) -> [PickleOperation] {
        guard !operations.isEmpty else { return operations }
        var result = operations
        let place = Int.random(in: 0..<operations.count, using: &random)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: result.remove(at: place)
        case 1: result.insert(operations[place], at: place)
        case 2: result.swapAt(place, Int.random(in: 0..<operations.count, using: &random))
        case 3:
            let source = Int.random(in: 0..<operations.count, using: &random)
            let piece = operations[source...].prefix(Int.random(in: 1..<24, using: &random))
            for _ in 0..<(random.happens(onceIn: 8) ? 200 : 1) { result.insert(contentsOf: piece, at: place) }
        case 4:
            let name = Self.names.randomElement(using: &random) ?? ""
            let names = result.indices.filter { result[$0].bytes.first == UInt8(ascii: "c") }
            result[names.randomElement(using: &random) ?? place].bytes = Array("c\(name)\n".utf8)
        case 5: result.insert(PickleOperation(bytes: [Self.codes.randomElement(using: &random) ?? 0x4E]), at: place)
        case 6, 7, 8:
            // Numbers: extents, strides, offsets, places of the memo.
            let numbers = result.indices.filter { Array("KMJqrhj".utf8).contains(result[$0].bytes[0]) }
            guard let chosen = numbers.randomElement(using: &random) else { break }
            let old = result[chosen].bytes
            let value = number(near: Self.number(old[1...]))
            let isReference = Array("qrhj".utf8).contains(old[0])
            result[chosen].bytes =
                isReference || Bool.random(using: &random)
                ? [old[0]] + Self.bytes(value, old.count - 1) : [0x8A, 8] + Self.bytes(value, 8)
        case 9:
            let texts = result.indices.filter { result[$0].bytes[0] == UInt8(ascii: "X") }
            guard let chosen = texts.randomElement(using: &random), let other = texts.randomElement(using: &random)
            else {
                break
            }
            let text =
                Bool.random(using: &random)
                ? Array(result[other].bytes.dropFirst(5)) : changedBytes(Array(result[chosen].bytes.dropFirst(5)))
            result[chosen].bytes = [UInt8(ascii: "X")] + Self.bytes(UInt64(text.count), 4) + text
        case 10: result.removeSubrange(place..<min(place + Int.random(in: 1..<16, using: &random), operations.count))
        default: result[place].bytes = changedBytes(result[place].bytes)
        }
        return result
    }
}
