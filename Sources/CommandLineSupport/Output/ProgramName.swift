internal import DQNSupport

/// How the running program is called, and how its commands are.
///
/// `dqn-train`, `dqn-play` and `dqn-checkpoint` are programs. In a program with its own environments the same commands are
/// subcommands: `lab train`, `lab play`, and those of `dqn-checkpoint`, such as `lab plot`.
package enum ProgramName {
    /// The commands that are programs here, and what they are called in a program that has all of them.
    private static let subcommands = [("dqn-train", " train"), ("dqn-play", " play"), ("dqn-checkpoint", "")]
    private static let owner = Owner()

    /// The name of the running program if all commands are its subcommands; otherwise `nil`.
    package static var own: String? { owner.name }

    /// Makes all commands subcommands of the running program. Call it before the command line is parsed.
    ///
    /// - Returns: the program's name, which is that of its file.
    @discardableResult
    package static func ownCommands() -> String {
        // `execv` can start a program without a name.
        let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "swift-dqn"
        owner.name = name
        return name
    }

    /// Returns the name under which the running program has a command.
    ///
    /// - Parameter name: the command as a program, such as `dqn-train`.
    package static func command(_ name: String) -> String {
        own == nil ? name : name.replacing("dqn-", with: "", maxReplacements: 1)
    }

    /// Returns the name that begins a line about an error.
    ///
    /// - Parameter name: the command as a program, such as `dqn-train`.
    package static func program(_ name: String) -> String { own ?? name }

    /// Returns a help text in which examples call the running program.
    package static func inExamples(_ text: String) -> String {
        guard let own else { return text }
        return subcommands.reduce(text) { $0.replacing($1.0, with: own + $1.1) }
    }

    /// `@unchecked Sendable`: `stored` is only accessed with `lock` held.
    private final class Owner: @unchecked Sendable {
        private let lock = Lock()
        private var stored: String?

        var name: String? {
            get { lock.withLock { stored } }
            set { lock.withLock { stored = newValue } }
        }
    }
}
