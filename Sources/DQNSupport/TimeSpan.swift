internal import Foundation

/// A length of time as people and schedulers write it: `90`, `30m`, `1h30m`, `2d`, `04:00:00` or `1-12:00:00`.
///
/// A number without a unit is in seconds. With colons, the forms are those of SLURM: `MM:SS`, `HH:MM:SS`, `D-HH`,
/// `D-HH:MM` and `D-HH:MM:SS`. `unlimited` is infinite, as in SLURM's reports.
package struct TimeSpan: Sendable, Equatable, CustomStringConvertible {
    /// Seconds; positive, possibly infinite.
    package let seconds: Double

    /// Longer spans are refused: nothing waits for thirty years.
    private static let maximumSeconds = 1e9

    package init(seconds: Double) { self.seconds = seconds }

    /// Reads one of the forms; `nil` for anything else, for 0, and for more than 10⁹ seconds.
    package init?(_ text: String) {
        let lower = text.trimmingCharacters(in: .whitespaces).lowercased()
        if lower == "unlimited" {
            seconds = .infinity
            return
        }
        guard let found = Self.withUnits(lower) ?? Self.withColons(lower), found > 0, found <= Self.maximumSeconds
        else {
            return nil
        }
        seconds = found
    }

    private static func withUnits(_ text: String) -> Double? {
        guard !text.isEmpty,
            let match = text.wholeMatch(
                of: /(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?/)
        else { return nil }
        let (_, days, hours, minutes, seconds) = match.output
        func value(_ digits: Substring?) -> Double { digits.flatMap { Double($0) } ?? 0 }
        return value(days) * 86_400 + value(hours) * 3600 + value(minutes) * 60 + value(seconds)
    }

    private static func withColons(_ text: String) -> Double? {
        guard let match = text.wholeMatch(of: /(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?/) else { return nil }
        let (_, days, first, second, third) = match.output
        func value(_ digits: Substring?) -> Double { digits.flatMap { Double($0) } ?? 0 }
        if let days { return value(days) * 86_400 + value(first) * 3600 + value(second) * 60 + value(third) }
        if third != nil { return value(first) * 3600 + value(second) * 60 + value(third) }
        return second == nil ? nil : value(first) * 60 + value(second)
    }

    /// As in `4.2 s`, `3 min 5 s`, `2 h 3 min` or `5 d 4 h`; for any number of seconds.
    package var description: String {
        guard seconds.isFinite else { return "unlimited" }
        if seconds < 59.95 { return String(format: "%.1f s", max(seconds, 0)) }
        guard seconds < 365_000 * 86_400 else { return "more than 1000 years" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
    }
}
