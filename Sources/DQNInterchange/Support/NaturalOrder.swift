/// The order of names in which `layer10` follows `layer9`.
enum NaturalOrder {
    static func precedes(_ first: String, _ second: String) -> Bool {
        var left = Substring(first)
        var right = Substring(second)
        while !left.isEmpty, !right.isEmpty {
            let digits = (number(left), number(right))
            if !digits.0.isEmpty, !digits.1.isEmpty {
                let values = (digits.0.drop { $0 == "0" }, digits.1.drop { $0 == "0" })
                if values.0.count != values.1.count { return values.0.count < values.1.count }
                if values.0 != values.1 { return values.0 < values.1 }
                left = left.dropFirst(digits.0.count)
                right = right.dropFirst(digits.1.count)
            } else if left.first != right.first {
                return left < right
            } else {
                left = left.dropFirst()
                right = right.dropFirst()
            }
        }
        return left.isEmpty && !right.isEmpty
    }

    private static func number(_ text: Substring) -> Substring { text.prefix { $0.isASCII && $0.isNumber } }
}
