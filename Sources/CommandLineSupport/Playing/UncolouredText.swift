/// Pictures of coloured half blocks as characters of different brightness, for users who have set `NO_COLOR`.
package enum UncolouredText {
    /// From black to white, on a dark terminal.
    private static let brightnesses = Array(" .:-=+*#%@")

    /// Returns lines without their colours. Half blocks and coloured spaces become the character that is as bright; all
    /// others stay.
    package static func of(_ text: String) -> String {
        var result = ""
        var (upper, lower): (Double?, Double?) = (nil, nil)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\u{1B}" else {
                result.unicodeScalars.append(Self.character(scalar, upper, lower) ?? scalar)
                continue
            }
            // Only colours are left in the text: `[`, numbers and `m`.
            let code = rest.dropFirst().prefix { $0 != "m" }
            rest = rest[code.endIndex...].dropFirst()
            let numbers = String(code).split(separator: ";").compactMap { Double($0) }
            guard numbers.count == 5, numbers[1] == 2 else {
                if numbers.isEmpty || numbers[0] == 0 { (upper, lower) = (nil, nil) }
                continue
            }
            let brightness = (0.299 * numbers[2] + 0.587 * numbers[3] + 0.114 * numbers[4]) / 255
            if numbers[0] == 38 { upper = brightness } else { lower = brightness }
        }
        return result
    }

    /// Returns the character for what a coloured space or half block shows; `nil` for all others.
    private static func character(
        _ scalar: Unicode.Scalar, _ upper: Double?, _ lower: Double?
    ) -> Unicode.Scalar? {
        let shown: Double? =
            switch scalar {
            case " ": lower
            case "▀": ((upper ?? lower ?? 1) + (lower ?? 0)) / 2
            default: nil
            }
        return shown.flatMap { value in
            let index = min(max(Int(value * Double(brightnesses.count)), 0), brightnesses.count - 1)
            return brightnesses[index].unicodeScalars.first
        }
    }
}
