internal import DQNModel

extension GymnasiumProcess {
    /// The error that an answer tells of; `nil` where all went well.
    ///
    /// - Parameter action: what could not be done, as in `be reset`.
    @inline(__always)
    func refusal(of reply: GymnasiumReply, _ action: @autoclosure () -> String) -> EnvironmentError? {
        reply.status == .done ? nil : explain(reply, action())
    }

    private func explain(_ reply: GymnasiumReply, _ action: String) -> EnvironmentError {
        let lines = reply.text.split(separator: "\n").map(String.init)
        let reason = lines.first ?? "no reason was given"
        let environment = "The environment 'gym:\(name)'"
        switch reply.status {
        case .packageMissing:
            return EnvironmentError(
                code: .packageMissing,
                message: "\(environment) needs more than the Python '\(python)' has: \(reason); run "
                    + "Scripts/setup-gymnasium, install it there, or name its folder in PYTHONPATH.")
        case .unknown:
            return EnvironmentError(
                code: .unknownEnvironment,
                message: "Gymnasium has no environment '\(name.prefix { $0 != "?" })': \(sentence(reason)) "
                    + "See gymnasium.envs.registry for those it has; a module of your own goes before the name, "
                    + "as in gym:my_module:MyEnvironment-v0.")
        case .invalidOptions:
            return EnvironmentError(
                code: .invalidOptions, message: "\(environment) does not take these options: \(sentence(reason))")
        case .unsupported:
            return EnvironmentError(
                code: .unsupportedSpace, message: "\(environment) cannot be used: \(sentence(reason))")
        case .notApplicable:
            return EnvironmentError(
                code: .stateNotApplicable,
                message: "\(environment) cannot be brought into the stored state, since '\(reason)' is not in a fresh "
                    + "one as it was; reset it.")
        case .notFinite:
            return EnvironmentError(
                code: .environmentFailed,
                message: "\(environment) cannot \(action): it gave \(reason); numbers must be finite: mend it, or "
                    + "replace them in a wrapper of its own.")
        default:
            // The frame that raised it is the last; its second line is the source.
            let place = lines.dropFirst().last { $0.hasPrefix("  File ") }
            let location = place.map { " (\($0.drop { $0 == " " }))" } ?? ""
            return EnvironmentError(
                code: .environmentFailed, message: "\(environment) cannot \(action): it raised \(reason)\(location).",
                details: lines)
        }
    }

    private func sentence(_ text: String) -> String { text.hasSuffix(".") || text.hasSuffix("?") ? text : text + "." }
}
