internal import DQNModel

/// Which processes a request starts, where, and with which arguments.
package struct LaunchPlan: Sendable, Equatable {
    /// A process to start.
    package struct Member: Sendable, Equatable {
        package enum Role: Sendable, Equatable {
            case chief, shard, worker
        }

        package let role: Role
        /// In messages, such as `shard process 1 on h2`.
        package let name: String
        /// `nil` for this host.
        package let host: String?
        /// The arguments of `dqn-cluster`. `{chief}` and `{host}` stand for addresses that are known later.
        package let arguments: [String]
    }

    /// The placeholders in arguments.
    enum Placeholder {
        /// The chief's address and port, as the process reaches them.
        static let chief = "{chief}"
        /// An address of the process's own host that the others reach.
        static let host = "{host}"
    }

    /// The chief, on this host.
    package let chief: Member
    /// The shards and workers, to be started once the chief listens.
    package let others: [Member]

    /// Distributes the shards over the hosts in turn, and each host's workers over processes.
    ///
    /// - Throws: ``ClusterError`` (`invalidCluster`) that names the option and the rule.
    package init(_ request: LaunchRequest) throws(ClusterError) {
        var list: HostList?
        if let hosts = request.hosts { list = try HostList(hosts) }
        guard request.servers >= 1 else {
            throw Self.invalid("--servers \(request.servers) is too small; the minimum is 1")
        }
        guard request.threads >= 1 else {
            throw Self.invalid("--threads \(request.threads) is too small; the minimum is 1")
        }
        if let list, let workers = request.workers, workers != list.workers {
            throw Self.invalid(
                "--workers \(workers) does not fit --hosts, which gives \(list.workers) workers; leave --workers out")
        }
        if request.address != nil, list == nil {
            throw Self.invalid("--address requires --hosts, whose processes use it")
        }
        // A resumed run has a number of its own, which this program does not know.
        guard let workers = list?.workers ?? request.workers else {
            throw Self.invalid("The number of workers is missing; give --workers or --hosts")
        }
        guard workers >= 1 else { throw Self.invalid("--workers \(workers) is too small; the minimum is 1") }
        var places: [(host: String?, workers: Int)] = [(nil, workers)]
        if let list { places = list.hosts.map { ($0.name, $0.workers) } }
        let security = request.certificates == nil ? ["--plaintext"] : []
        // The processes of other hosts come from their addresses.
        let own = list == nil ? "127.0.0.1" : request.address ?? "0.0.0.0"
        chief = Member(
            role: .chief, name: "chief", host: nil,
            arguments: ["chief", "--listen", own, "--servers", "\(request.servers)", "--workers", "\(workers)"]
                + security + ["--lifeline"] + request.chiefArguments)
        let common = ["--chief", Placeholder.chief] + security + ["--lifeline"]
        let forWorkers = Self.workerOptions(in: request.chiefArguments)
        var others: [Member] = []
        for index in 0..<request.servers {
            let host = places[index % places.count].host
            others.append(
                Member(
                    role: .shard, name: "shard process \(index)" + Self.location(host), host: host,
                    arguments: ["shard", "--listen", Placeholder.host] + common))
        }
        for place in places {
            var rest = place.workers
            while rest > 0 {
                let count = min(rest, request.threads)
                rest -= count
                let index = others.count - request.servers
                others.append(
                    Member(
                        role: .worker, name: "worker process \(index)" + Self.location(place.host), host: place.host,
                        arguments: ["worker", "--workers", "\(count)"] + common + forWorkers))
            }
        }
        self.others = others
    }

    /// Options of the chief that are the workers' as well. Whoever names the environment lets it load its code, also in
    /// the processes that the same command starts.
    private static func workerOptions(in arguments: [String]) -> [String] {
        let withValue: Set = ["--python", "--python-path", "--env-timeout", "--worker-timeout"]
        var options: [String] = []
        var isTrusted = false
        for (index, word) in arguments.enumerated() {
            let name = String(word.prefix { $0 != "=" })
            if withValue.contains(name) {
                options.append(word)
                if name == word, index + 1 < arguments.count { options.append(arguments[index + 1]) }
            }
            isTrusted = isTrusted || name == "--env" || word == "--trust-environment"
        }
        return isTrusted ? options + ["--trust-environment"] : options
    }

    private static func location(_ host: String?) -> String { host.map { " on \($0)" } ?? "" }

    private static func invalid(_ sentence: String) -> ClusterError {
        ClusterError(code: .invalidCluster, message: sentence + ".")
    }
}
