internal import ArgumentParser
internal import DQNSupport
package import Foundation

/// A path on the command line that cannot be used.
package struct PathError: Error, CustomStringConvertible {
    /// One sentence: the argument, the rule and the remedy.
    package let description: String
    /// Whether the path is invalid for any command. Otherwise it leads nowhere.
    package let isInvalid: Bool
}

/// Returns the absolute file URL of a path on the command line, with the kernel's meaning of `..`.
///
/// - Parameters:
///   - path: the path as the user typed it.
///   - argument: the option or argument, such as `--out`.
/// - Throws: ``PathError`` for an empty path, and for `..` after a directory that does not exist.
package func fileURL(_ path: String, _ argument: String) throws(PathError) -> URL {
    do throws(AbsolutePath.Failure) { return URL(fileURLWithPath: try AbsolutePath.resolve(path)) } catch {
        switch error {
        case .empty:
            throw PathError(
                description: "\(argument) is empty; give a path, such as runs/cartpole (an unset variable?).",
                isInvalid: true)
        case .unreachable(let folder, let reason):
            throw PathError(
                description:
                    "\(argument): the directory '\(folder)' in '\(path)' cannot be entered (\(reason)); check the "
                    + "path.", isInvalid: false)
        case .notUnicode:
            throw PathError(
                description:
                    "\(argument): '\(path)' lies in a directory whose name is not valid UTF-8; rename it, or use "
                    + "another directory.", isInvalid: true)
        }
    }
}

/// The arguments of the process as the system passed them.
package enum RawArguments {
    /// Ends the program with exit code 64 if an argument is not valid UTF-8.
    ///
    /// Swift replaces invalid bytes, so that the program would use a file of another name.
    package static func requireUnicode(program: String) {
        for index in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else {
                continue
            }
            let shown = String(cString: argument)
            writeError(
                "\(program): Argument \(index), '\(shown)', is not valid UTF-8; rename the file or directory, or give its "
                    + "name in UTF-8.")
            exit(ExitCode.usage.rawValue)
        }
    }
}
