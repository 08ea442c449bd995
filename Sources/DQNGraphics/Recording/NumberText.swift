internal import Foundation

/// Formats numbers, the same in every locale.
enum NumberText {
    /// Formats a return: an integer without decimals, other numbers with two.
    static func total(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(format: "%.0f", value) : String(format: "%.2f", value)
    }

    /// Formats Q-values in a column, with as many decimals as the largest value leaves room for.
    static func aligned(_ value: Float, largest: Float) -> String {
        guard value.isFinite else { return "\(value)" }
        if largest >= 1e6 { return String(format: "%.1e", value) }
        let decimals = largest < 10 ? 3 : largest < 100 ? 2 : largest < 1000 ? 1 : 0
        let text = String(format: "%.\(decimals)f", value)
        return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
    }
}
