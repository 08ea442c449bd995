internal import DQNSupport
internal import Foundation

/// Starts processes here, and on other hosts through ssh.
extension ClusterLaunch {
    /// The environment variable with the number of the process that a role must not outlive.
    static let parentVariable = "DQN_CLUSTER_PARENT"
    /// The environment variable with the directory of the run's certificates.
    static let certificatesVariable = "DQN_CLUSTER_CERTIFICATES"

    /// Starts a process; all but the chief know its port.
    func start(_ member: LaunchPlan.Member, port: Int?) throws(SystemError) -> LaunchedProcess {
        var variables = request.environment ?? ProcessInfo.processInfo.environment
        let chiefHost = member.host == nil ? "127.0.0.1" : request.address ?? LaunchPlan.Placeholder.chief
        let arguments = member.arguments.map { word in
            switch word {
            case LaunchPlan.Placeholder.chief: "\(chiefHost):\(port ?? 0)"
            case LaunchPlan.Placeholder.host: member.host == nil ? localHost : word
            default: word
            }
        }
        guard let host = member.host else {
            variables[Self.parentVariable] = "\(getpid())"
            if let certificates = request.certificates { variables[Self.certificatesVariable] = certificates }
            return try LaunchedProcess(
                member, words: [request.program] + arguments, environment: variables,
                sharesErrors: member.role == .chief, firstInput: Data())
        }
        return try LaunchedProcess(
            member, words: remoteWords(host, member.name, arguments), environment: variables, sharesErrors: false,
            firstInput: HeldFiles(certificates: request.certificates).line)
    }

    /// The address at which processes on this host listen.
    private var localHost: String { request.hosts == nil ? "127.0.0.1" : request.address ?? "0.0.0.0" }

    /// The command that starts a process on another host.
    private func remoteWords(_ host: String, _ name: String, _ arguments: [String]) -> [String] {
        let program = request.remoteProgram ?? request.program
        // A lost host ends ssh within six seconds; nothing ever asks for a password.
        let options = [
            "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=2", "ServerAliveCountMax=3",
            "AddressFamily=inet",
        ]
        let command = ShellCommand.text([program, "hold", "--name", name, "--"] + arguments)
        return [request.remoteShell, "-T"] + options.flatMap { ["-o", $0] } + [host, "exec \(command)"]
    }
}
