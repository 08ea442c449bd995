internal import Foundation

/// Round values along an axis: multiples of 1, 2, 2.5 or 5 times a power of ten.
package struct AxisTicks: Sendable, Equatable {
    /// The values, increasing.
    package let values: [Double]
    /// The label of each value: `0`, `2.5k`, `1.5M`. Labels are unique.
    package let labels: [String]

    /// Chooses the finest round step that produces at most `most` + 1 ticks.
    package init(_ range: AxisRange, most: Int) {
        let rough = (range.upper - range.lower) / Double(most)
        let exponent = Int(log10(rough).rounded(.down))
        let unit = pow(10, Double(exponent))
        // A step that differs from a round step only by rounding must not skip to the next.
        let mantissa = [1, 2, 2.5, 5].first { $0 * unit >= rough * (1 - 1e-9) } ?? 10
        let step = mantissa * unit
        let first = (range.lower / step - 1e-9).rounded(.up)
        let last = (range.upper / step + 1e-9).rounded(.down)
        let notation = Notation(range, decimals: max(0, (mantissa == 2.5 ? 1 : 0) - exponent))
        values = stride(from: first, through: last, by: 1).map { $0 * step }
        labels = values.map(notation.label)
    }
}

/// The number format of an axis.
private struct Notation {
    /// The number of decimals that a step needs.
    let decimals: Int
    /// Whether numbers have an exponent because they would be too long otherwise.
    let isScientific: Bool

    init(_ range: AxisRange, decimals: Int) {
        self.decimals = decimals
        let magnitude = max(range.lower.magnitude, range.upper.magnitude)
        isScientific = magnitude >= 1e12 || magnitude < 1e-3
    }

    /// Formats a value, with `k` for thousands, `M` for millions and `G` for billions.
    func label(_ value: Double) -> String {
        if value == 0 { return "0" }
        let magnitude = value.magnitude
        let text: String
        if isScientific {
            text = scientific(magnitude)
        } else if magnitude >= 1e9 {
            text = fixed(magnitude / 1e9, decimals + 9) + "G"
        } else if magnitude >= 1e6 {
            text = fixed(magnitude / 1e6, decimals + 6) + "M"
        } else if magnitude >= 1e3 {
            text = fixed(magnitude / 1e3, decimals + 3) + "k"
        } else {
            text = fixed(magnitude, decimals)
        }
        return (value < 0 ? "\u{2212}" : "") + text
    }

    private func fixed(_ value: Double, _ decimals: Int) -> String {
        trimmed(String(format: "%.\(decimals)f", value))
    }

    /// Formats a value as a mantissa with up to seven decimals, `e` and the exponent: `2.5e−7`.
    private func scientific(_ value: Double) -> String {
        let parts = String(format: "%.7e", value).split(separator: "e")
        let exponent = Int(parts[1]) ?? 0
        return "\(trimmed(String(parts[0])))e\(exponent < 0 ? "\u{2212}" : "")\(exponent.magnitude)"
    }

    private func trimmed(_ digits: String) -> String {
        guard digits.contains(".") else { return digits }
        var result = Substring(digits)
        while result.last == "0" { result.removeLast() }
        if result.last == "." { result.removeLast() }
        return String(result)
    }
}
