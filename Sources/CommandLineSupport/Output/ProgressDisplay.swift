package import DQNSupport
internal import Foundation

/// Shows the progress of a long task in the form that suits standard error: a dashboard or a line that is overwritten on a
/// terminal, lines at a steady interval elsewhere and while another program has the terminal.
package struct ProgressDisplay {
    private enum Form {
        case nothing
        case dashboard
        case line
        case log
    }

    private let form: Form

    /// Chooses the form.
    ///
    /// - Parameters:
    ///   - asDashboard: whether to use the whole terminal, if there is one.
    ///   - isQuiet: whether to show nothing.
    package init(asDashboard: Bool, isQuiet: Bool) {
        form = isQuiet ? .nothing : !ProgressLine.isAvailable ? .log : asDashboard ? .dashboard : .line
    }

    /// Shows the progress.
    ///
    /// - Parameters:
    ///   - line: returns the line of a terminal.
    ///   - entry: returns the next line of a log; `nil` if none is due.
    ///   - dashboard: returns the lines of a screen of this many columns and rows.
    package func show(
        line: () -> FittedLine, entry: () -> String?, dashboard: (_ columns: Int, _ rows: Int) -> [String]
    ) {
        // A shell reads commands there while the program runs in its background.
        let isTaken = (form == .dashboard || form == .line) && Terminal.isTaken(STDERR_FILENO)
        if isTaken { DashboardScreen.leave(isTaken: true) }
        switch isTaken ? .log : form {
        case .nothing: break
        case .dashboard: DashboardScreen.show(dashboard)
        case .line: ProgressLine.show(line())
        case .log: if let entry = entry() { writeError(entry) }
        }
    }

    /// Leaves the terminal to other output. Does nothing a second time.
    package func end() {
        ProgressLine.clear()
        DashboardScreen.leave()
    }
}
