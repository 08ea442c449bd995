internal import DQNModel
internal import DQNSupport
internal import Foundation

extension GymnasiumProcess {
    /// The error of a reply; `nil` if its status is `done`.
    ///
    /// - Parameter action: the failed action, such as `be reset`.
    @inline(__always)
    func refusal(of reply: GymnasiumReply, _ action: @autoclosure () -> String) -> EnvironmentError? {
        reply.status == .done ? nil : explain(reply, action())
    }

    private func explain(_ reply: GymnasiumReply, _ action: String) -> EnvironmentError {
        let lines = reply.text.split(separator: "\n").map(String.init)
        let reason = lines.first ?? "no reason given"
        let environment = "The environment 'gym:\(name)'"
        switch reply.status {
        case .packageMissing:
            return EnvironmentError(
                code: .packageMissing,
                message: "\(environment) lacks a package in the Python '\(python)': \(reason); run "
                    + "Scripts/setup-gymnasium, install it there, or name the directory that holds it with "
                    + "--python-path DIR, also at a resume (neither the current directory nor PYTHONPATH is searched"
                    + (lines.count > 1 ? "; \(lines[1]))." : ")."))
        case .unknown:
            return EnvironmentError(
                code: .unknownEnvironment,
                message: "Gymnasium has no environment '\(name)': \(sentence(reason)) "
                    + "See gymnasium.envs.registry for the known ones; put your own module before the name, "
                    + "as in gym:my_module:MyEnvironment-v0.")
        case .invalidOptions:
            return EnvironmentError(
                code: .invalidOptions, message: "\(environment) does not accept these options: \(sentence(reason))")
        case .unsupported:
            return EnvironmentError(
                code: .unsupportedSpace, message: "\(environment) is not supported: \(sentence(reason))")
        case .oldAPI:
            return EnvironmentError(
                code: .environmentFailed,
                message: "\(environment) uses the older API of the package gym: \(reason); port it to Gymnasium (reset "
                    + "takes a seed and returns an observation and a dictionary, step returns five values), or wrap it "
                    + "with the package shimmy, as in gym:GymV21Environment-v0?env_id=NAME.")
        case .notAllowed:
            return EnvironmentError(
                code: .notAllowed,
                message:
                    "\(environment) was about to run a file that you have not allowed (\(reason)); if you trust it, "
                    + "add --trust-environment.",
                underlying: UnallowedFile(reason: reason))
        case .notApplicable:
            return EnvironmentError(
                code: .stateNotApplicable,
                message: "\(environment) cannot restore the stored state, because '\(reason)' differs in a new "
                    + "environment; reset it.")
        case .notFinite:
            return EnvironmentError(
                code: .environmentFailed,
                message: "\(environment) cannot \(action): it returned \(reason); numbers must be finite: fix it, or "
                    + "replace them in a wrapper in Python.")
        case .invalidOutcome:
            return EnvironmentError(
                code: .environmentFailed,
                message:
                    "\(environment) cannot \(action): its step returned \(reason); fix it, or convert the value in a "
                    + "wrapper in Python.")
        default:
            // The last frame raised the exception; its second line is the source.
            let place = lines.dropFirst().last { $0.hasPrefix("  File ") }
            let location = place.map { " (\($0.drop { $0 == " " }))" } ?? ""
            return EnvironmentError(
                code: .environmentFailed, message: "\(environment) cannot \(action): it raised \(reason)\(location).",
                details: lines)
        }
    }

    /// Why the process could not be started.
    static func cannotStart(_ python: String, _ error: SystemError) -> EnvironmentError {
        let remedy: String? =
            switch error.number {
            case EMFILE: "raise the limit with ulimit -n, or use fewer workers"
            case ENFILE: "the machine has too many open files; end some programs"
            case EAGAIN: "raise the limit of processes (ulimit -u, pids.max of the control group), or use fewer workers"
            case ENOMEM: "free some memory, or use fewer workers"
            default: nil
            }
        let cause = "The Python '\(python)' cannot be started (\(error))"
        if let remedy { return EnvironmentError(code: .environmentFailed, message: "\(cause); \(remedy).") }
        return EnvironmentError(
            code: .pythonMissing,
            message: "\(cause); run Scripts/setup-gymnasium, or name another with --python PATH or "
                + "\(GymnasiumPython.variable).")
    }

    private func sentence(_ text: String) -> String { text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "." }
}
