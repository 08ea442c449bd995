package import DQNSupport
internal import Foundation
internal import Synchronization

/// A progress line on standard error that is overwritten in place. Use it only on a terminal.
package enum ProgressLine {
    private static let isShown = Atomic<Bool>(false)

    /// Whether standard error is a terminal that can overwrite a line.
    package static var isAvailable: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Replaces the line by as much of another one as fits the terminal.
    package static func show(_ line: FittedLine) {
        isShown.store(true, ordering: .relaxed)
        // A line that is as wide as the terminal would wrap in some of them.
        let text = line.text(columns: max(Terminal.size(of: STDERR_FILENO).columns - 1, 1))
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }

    /// Removes the line before other output.
    package static func clear() {
        if isShown.exchange(false, ordering: .relaxed) {
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
        }
    }
}
