internal import DQNModel

/// Operations on the stack, the memo and containers.
extension PickleReader {
    /// Performs an operation that fills or rearranges containers; returns whether it is one.
    mutating func builds(_ code: UInt8) throws(InterchangeError) -> Bool {
        switch code {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"):
            let value = try pop()
            stack += [value, value]
        case UInt8(ascii: ")"): push(.tuple, [])
        case UInt8(ascii: "]"), 0x8F: push(.list, [])
        case UInt8(ascii: "}"): push(.dictionary, [])
        case 0x85, 0x86, 0x87:
            var items: [PickleValue] = []
            for _ in 0..<(Int(code) - 0x84) { items.append(try pop()) }
            push(.tuple, items.reversed())
        case UInt8(ascii: "t"): push(.tuple, try popToMark())
        case UInt8(ascii: "l"), 0x91: push(.list, try popToMark())
        case UInt8(ascii: "d"):
            let items = try popToMark()
            guard items.count % 2 == 0 else { throw malformed("a key without a value") }
            push(.dictionary, items)
        case UInt8(ascii: "a"): try add([try pop()], .list)
        case UInt8(ascii: "e"), 0x90: try add(try popToMark(), .list)
        case UInt8(ascii: "s"):
            let value = try pop()
            try add([try pop(), value], .dictionary)
        case UInt8(ascii: "u"): try add(try popToMark(), .dictionary)
        default: return try memorizes(code)
        }
        return true
    }

    private mutating func add(_ items: [PickleValue], _ kind: PickleContainer.Kind) throws(InterchangeError) {
        guard case .container(let place)? = stack.last, containers[place].kind == kind,
            kind != .dictionary || items.count % 2 == 0
        else { throw malformed("items for something that is no \(kind == .list ? "list" : "dictionary")") }
        containers[place].items += items
    }

    private mutating func memorizes(_ code: UInt8) throws(InterchangeError) -> Bool {
        switch code {
        case UInt8(ascii: "q"): try memorize(at: try reader.count(1))
        case UInt8(ascii: "r"): try memorize(at: try reader.count(4))
        case UInt8(ascii: "p"): try memorize(at: try index(try reader.line()))
        case 0x94: try memorize(at: memo.count)
        case UInt8(ascii: "h"): try remember(try reader.count(1))
        case UInt8(ascii: "j"): try remember(try reader.count(4))
        case UInt8(ascii: "g"): try remember(try index(try reader.line()))
        // The protocol, and the size of a frame of it.
        case 0x80:
            let version = try reader.byte()
            guard version <= 5 else { throw malformed("the unknown protocol \(version)") }
        case 0x95: _ = try reader.take(8)
        default: return false
        }
        return true
    }

    private func index(_ line: String) throws(InterchangeError) -> Int {
        guard let index = Int(line), index >= 0 else { throw malformed("no index") }
        return index
    }

    private mutating func memorize(at index: Int) throws(InterchangeError) {
        guard let value = stack.last, index <= Limit.memoIndex else { throw malformed("nothing to remember") }
        memo[index] = value
    }

    private mutating func remember(_ index: Int) throws(InterchangeError) {
        guard let value = memo[index] else { throw malformed("an unknown reference to \(index)") }
        stack.append(value)
    }
}
