internal import Foundation
internal import Synchronization

/// A progress line on standard error that is overwritten in place. Use it only on a terminal.
package enum ProgressLine {
    private static let isShown = Atomic<Bool>(false)

    /// Whether standard error is a terminal.
    package static var isAvailable: Bool { isatty(STDERR_FILENO) == 1 }

    /// Replaces the line's text.
    package static func show(_ text: String) {
        isShown.store(true, ordering: .relaxed)
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }

    /// Removes the line before other output.
    package static func clear() {
        if isShown.exchange(false, ordering: .relaxed) {
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
        }
    }
}
