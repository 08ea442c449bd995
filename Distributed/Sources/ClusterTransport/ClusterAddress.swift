internal import GRPCNIOTransportHTTP2

/// A host and a port.
package struct ClusterAddress: Sendable, Equatable, CustomStringConvertible {
    /// A free port of this machine alone.
    package static let loopback = Self(host: "127.0.0.1", port: 0)

    /// An IPv4 address, or a name where one is looked up.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT`, or `HOST` alone, whose port is then 0.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            let port = parts.count == 1 ? 0 : Int(parts[1]), (0...65_535).contains(port)
        else { return nil }
        self.init(host: String(host), port: port)
    }

    package var description: String { "\(host):\(port)" }

    /// Whether the host is a number, which no name service is asked for.
    private var isNumeric: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    var target: any ResolvableTarget {
        if isNumeric { return .ipv4(address: host, port: port) }
        return .dns(host: host, port: port)
    }
}
