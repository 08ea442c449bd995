internal import DQNSupport
internal import Foundation

/// The terminal to which a program writes.
enum Terminal {
    /// Returns the size of a descriptor's terminal, or 80 by 24 where it is unknown.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return (80, 24) }
        // A terminal may know one of the two.
        return (size.ws_col > 0 ? Int(size.ws_col) : 80, size.ws_row > 0 ? Int(size.ws_row) : 24)
    }

    /// Whether a descriptor's terminal belongs to another program at the moment, as after `bg` in a shell.
    static func isTaken(_ descriptor: Int32) -> Bool {
        let owner = tcgetpgrp(descriptor)
        if owner <= 0 || owner == getpgrp() { return false }
        // A launcher leaves its terminal to the program that it has started in a process group of its own.
        return ProcessEnding.followedParent.map { getpgid($0) } != owner
    }

    /// Whether the user has set `NO_COLOR` to any text, so that no program adds colours.
    static var refusesColours: Bool { ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty == false }

    /// Whether text on a descriptor may have colours: a terminal that understands them, of a user who wants them.
    static func usesColours(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1 && !refusesColours && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }
}
