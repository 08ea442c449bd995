internal import DQNModel

/// The hosts of a run and the number of workers on each, as in `h1:3,alice@h2:3`.
package struct HostList: Sendable, Equatable {
    /// A host that ssh reaches.
    package struct Host: Sendable, Equatable {
        /// The name for ssh, with the user if there is one.
        package let name: String
        /// The number of workers, from 1.
        package let workers: Int

        package init(name: String, workers: Int) {
            self.name = name
            self.workers = workers
        }
    }

    private static let largestCount = 10_000
    /// The hosts, in the given order.
    package let hosts: [Host]

    /// The workers of all hosts together.
    package var workers: Int { hosts.reduce(0) { $0 + $1.workers } }

    /// Reads a list; a host without a number runs one worker.
    ///
    /// - Throws: ``ClusterError`` (`invalidCluster`) that names the entry and the rule.
    package init(_ text: String) throws(ClusterError) {
        var hosts: [Host] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let host = try Self.host(entry)
            if hosts.contains(where: { $0.name == host.name }) {
                throw Self.invalid("--hosts names '\(host.name)' twice; give each host once, with all its workers")
            }
            hosts.append(host)
        }
        self.hosts = hosts
    }

    private static func host(_ entry: Substring) throws(ClusterError) -> Host {
        let parts = entry.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, isName(parts[0]) else {
            throw invalid("--hosts has the entry '\(entry)'; use HOST:WORKERS, such as h1:3,alice@h2:3")
        }
        guard parts.count == 2 else { return Host(name: String(parts[0]), workers: 1) }
        // `Int` would also take a sign.
        guard parts[1].allSatisfy({ ("0"..."9").contains($0) }), let workers = Int(parts[1]),
            (1...largestCount).contains(workers)
        else {
            throw invalid(
                "--hosts gives '\(parts[0])' '\(parts[1])' workers; use a number from 1 to \(largestCount)")
        }
        return Host(name: String(parts[0]), workers: workers)
    }

    /// Whether ssh takes the text as a host: one that begins with a hyphen would be an option.
    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.first, first != "-" else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "@"):
                true
            default: false
            }
        }
    }

    private static func invalid(_ sentence: String) -> ClusterError {
        ClusterError(code: .invalidCluster, message: sentence + ".")
    }
}
