internal import DQNModel
internal import Foundation

/// Formats the figures that are shown with a picture.
enum StatusLine {
    /// Characters of a line.
    static let width = 60

    /// Returns `step 37/500   position +0.12 m`, padded to ``width``.
    static func text(_ progress: EpisodeProgress, limit: Int?, _ figures: [String]) -> String {
        let steps = "step \(progress.elapsedSteps)" + (limit.map { "/\($0)" } ?? "")
        let line = ([steps] + figures).joined(separator: "   ")
        return line + String(repeating: " ", count: max(0, width - line.count))
    }

    /// Formats a number with its sign and a fixed number of decimals, the same in every locale.
    static func signed(_ value: Double, decimals: Int) -> String {
        // `format:` without a locale is the C locale's; a negative zero would flicker.
        let text = String(format: "%+.\(decimals)f", value)
        return Double(text) == 0 ? "+" + text.dropFirst() : text
    }

    /// The first 64 numbers of an observation, one per line.
    static func numbers(_ observation: Observation) -> String {
        observation.floats.prefix(64).enumerated().map { index, value in
            let line = "\(index)".padding(toLength: 6, withPad: " ", startingAt: 0)
            return (line + signed(Double(value), decimals: 4)).padding(
                toLength: width, withPad: " ", startingAt: 0)
        }.joined(separator: "\n")
    }
}
