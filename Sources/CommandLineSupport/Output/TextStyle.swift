internal import Foundation

/// Weight and colours of text for people.
///
/// A terminal gets them unless it is dumb or the user has set `NO_COLOR` (https://no-color.org). Files and pipes never do.
package struct TextStyle: Sendable {
    /// What is written, by meaning.
    package enum Kind: Sendable {
        case plain
        /// A heading.
        case heading
        /// The best of several.
        case best
        /// Something that is wrong.
        case bad
    }

    /// That of standard output.
    package static let standardOutput = TextStyle(isActive: Terminal.usesColours(STDOUT_FILENO))

    private let isActive: Bool

    /// Creates a style.
    package init(isActive: Bool) { self.isActive = isActive }

    /// Returns a printable text with what its kind looks like.
    package func text(_ text: String, _ kind: Kind) -> String {
        let code: String? =
            switch kind {
            case .plain: nil
            case .heading: "1"
            case .best: "32"
            case .bad: "31"
            }
        guard isActive, let code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
