internal import Foundation

/// One moment of an episode: what the environment looks like, and what is done there.
struct Moment {
    /// The environment before the action.
    var picture: Picture
    /// Agent steps before it.
    var step: Int
    /// Sum of the rewards before it.
    var totalReward: Double
    /// One number an action; empty at the episode's end.
    var values: [Float]
    /// What is done; `nil` at the episode's end.
    var action: Int?
    /// How the episode has ended, if it has.
    var ending: String?
}

/// How numbers are written, the same in every locale.
enum FilmNumber {
    /// A return: whole where it is, otherwise with two digits behind the point.
    static func total(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(format: "%.0f", value) : String(format: "%.2f", value)
    }

    /// Q-values that stand below each other: as many digits behind the point as the largest leaves room for.
    static func aligned(_ value: Float, largest: Float) -> String {
        guard value.isFinite else { return "\(value)" }
        if largest >= 1e6 { return String(format: "%.1e", value) }
        let decimals = largest < 10 ? 3 : largest < 100 ? 2 : largest < 1000 ? 1 : 0
        let text = String(format: "%.\(decimals)f", value)
        return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
    }
}
