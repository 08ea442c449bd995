import ArgumentParser
import ClusterTransport
import Foundation

/// The options of all three roles.
struct RoleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Directory with the run's certificates, of 'dqn-cluster certificates'. (default: $DQN_CLUSTER_CERTIFICATES)",
            valueName: "dir"))
    var certificates: String?
    @Flag(help: "Neither encrypt nor identify: whoever reaches the port takes part.")
    var plaintext = false
    @Option(help: ArgumentHelp("Time to wait for the other processes at the start.", valueName: "seconds"))
    var startTimeout = 60.0
    @Flag(help: "End when standard input ends, as that of a launcher's child does when the launcher is gone.")
    var lifeline = false

    func validate() throws {
        if plaintext, certificates != nil {
            throw ValidationError("--plaintext and --certificates exclude each other.")
        }
        guard startTimeout > 0, startTimeout <= 1e6 else {
            throw ValidationError(
                "--start-timeout \(startTimeout) is out of range; use a positive number of seconds up to 1000000.")
        }
        _ = try security
    }

    /// How the process proves that it belongs to the run. Ends the process if its certificates cannot be used.
    var checkedSecurity: ClusterSecurity {
        get throws {
            let security = try security
            if case .certificates(let directory) = security {
                do { try ClusterCertificates.check(directory) } catch {
                    Output.exit(error.isMissing ? 66 : 65, error.description)
                }
            }
            return security
        }
    }

    private var security: ClusterSecurity {
        get throws {
            if plaintext { return .plaintext }
            guard let directory = certificates ?? ProcessInfo.processInfo.environment["DQN_CLUSTER_CERTIFICATES"]
            else {
                throw ValidationError(
                    "The processes need certificates: use --certificates DIR, as 'dqn-cluster certificates DIR' makes "
                        + "it, or --plaintext where nobody else reaches the ports.")
            }
            return .certificates(directory: directory)
        }
    }
}

/// The options of shards and workers.
struct MemberOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Address of the chief. (default: $DQN_CLUSTER_CHIEF)", valueName: "host:port"))
    var chief: String?
    @Option(help: ArgumentHelp("File that the chief writes its address to; it may not exist yet.", valueName: "file"))
    var chiefFile: String?
    @Option(help: ArgumentHelp("Name in messages. (default: the host's, and the process's number)", valueName: "name"))
    var name: String?

    func validate() throws {
        if chief != nil, chiefFile != nil {
            throw ValidationError("--chief and --chief-file exclude each other.")
        }
        if let chief { _ = try Self.address(chief, "--chief") }
    }

    /// The process's name.
    var title: String {
        name ?? "\(ProcessInfo.processInfo.hostName), process \(ProcessInfo.processInfo.processIdentifier)"
    }

    private static func address(_ text: String, _ option: String) throws -> ClusterAddress {
        guard let address = ClusterAddress(text), address.port > 0 else {
            throw ValidationError("\(option) '\(text)' is not HOST:PORT.")
        }
        return address
    }

    /// Returns the address of the chief, once it is known.
    func address(within seconds: Double) async throws -> ClusterAddress {
        if let chief { return try Self.address(chief, "--chief") }
        guard let chiefFile else {
            guard let chief = ProcessInfo.processInfo.environment["DQN_CLUSTER_CHIEF"] else {
                throw ValidationError(
                    "The address of the chief is missing: use --chief HOST:PORT or --chief-file FILE.")
            }
            return try Self.address(chief, "DQN_CLUSTER_CHIEF")
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            if let text = try? String(contentsOfFile: chiefFile, encoding: .utf8), text.hasSuffix("\n") {
                return try Self.address(String(text.dropLast()), chiefFile)
            }
            if Ending.isRequested { Output.exit(130, nil) }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Output.Failure(
            description:
                "The chief has not written '\(chiefFile)' within \(Int(seconds)) s; start it with --chief-file, "
                + "or allow more time with --start-timeout.")
    }
}
