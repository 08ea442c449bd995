import Foundation

/// The lines of a launcher whose chief draws a dashboard on the terminal that both share: they follow the screen.
///
/// Used by one thread.
final class KeptLines {
    /// As many as the chief keeps of its own.
    private static let most = 1_000
    private let isKeeping: Bool
    private var lines: [String] = []
    private var omitted = 0

    /// Keeps lines if these options of the chief lead to a dashboard.
    init(_ chiefOptions: [String]) {
        isKeeping =
            chiefOptions.contains("--dashboard") && !chiefOptions.contains("--quiet") && !chiefOptions.contains("-q")
            && Output.isTerminal && tcgetpgrp(STDERR_FILENO) == getpgrp()
    }

    /// Keeps a line, or prints it if there is no dashboard.
    func add(_ line: String) {
        guard isKeeping else { return Output.error(line) }
        lines.append(line)
        if lines.count > Self.most {
            lines.removeFirst()
            omitted += 1
        }
    }

    /// Prints the lines. A chief that was killed has left the terminal without a cursor.
    func end() {
        guard isKeeping else { return }
        try? FileHandle.standardError.write(contentsOf: Data("\u{1B}[?25h".utf8))
        if omitted > 0 { Output.error("… (\(omitted) lines omitted)") }
        lines.forEach(Output.error)
    }
}
