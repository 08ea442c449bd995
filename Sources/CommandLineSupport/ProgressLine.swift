internal import Foundation
internal import Synchronization

/// A line on standard error that is written over and over; only on a terminal.
public enum ProgressLine {
    private static let isShown = Atomic<Bool>(false)

    /// Whether standard error is a terminal.
    public static var isAvailable: Bool { isatty(STDERR_FILENO) == 1 }

    /// Shows a text in place of the last one.
    public static func show(_ text: String) {
        isShown.store(true, ordering: .relaxed)
        try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
    }

    /// Removes the line, so that something else can be written there.
    public static func clear() {
        if isShown.exchange(false, ordering: .relaxed) {
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8))
        }
    }
}
