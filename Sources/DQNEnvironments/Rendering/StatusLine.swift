internal import Foundation

/// Composes the line of figures under a picture.
enum StatusLine {
    /// Characters of a picture's line.
    static let width = 60

    /// `step 37/500   position +0.12 m`, padded to ``width``.
    static func text(_ progress: EpisodeProgress, limit: Int?, _ figures: [String]) -> String {
        let steps = "step \(progress.elapsedSteps)" + (limit.map { "/\($0)" } ?? "")
        let line = ([steps] + figures).joined(separator: "   ")
        return line + String(repeating: " ", count: max(0, width - line.count))
    }

    /// A number with its sign and a fixed number of decimals, the same in every locale.
    static func signed(_ value: Double, decimals: Int) -> String {
        // `format:` without a locale is the C locale's; a negative zero would flicker.
        let text = String(format: "%+.\(decimals)f", value)
        return Double(text) == 0 ? "+" + text.dropFirst() : text
    }
}
