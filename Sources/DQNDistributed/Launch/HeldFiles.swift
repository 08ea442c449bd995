package import Foundation

/// The run's certificates on their way to another host, as one line on the standard input of `dqn-cluster hold`: they are
/// on no command line, and the hosts need no shared directory.
package struct HeldFiles: Codable, Equatable {
    /// The files that a run has; nothing else is written on the other host.
    static let names: Set<String> = ["ca.pem", "node.pem", "node.key"]
    /// The longest line that a process reads, in bytes.
    static let longestLine = 1 << 16

    /// The files' contents, by name; empty for a run without encryption.
    package var files: [String: String]

    package init(files: [String: String]) { self.files = files }

    /// Reads the files of a directory. One that cannot be read is left out, and the process on the other host reports it.
    package init(certificates directory: String?) {
        files = [:]
        guard let directory else { return }
        for name in Self.names {
            files[name] = try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
        }
    }

    /// Decodes a line; `nil` if it is not one of these, or has other files.
    package init?(line: Data) {
        guard let decoded = try? JSONDecoder().decode(Self.self, from: line),
            Self.names.isSuperset(of: decoded.files.keys)
        else { return nil }
        self = decoded
    }

    /// The line, with its end.
    package var line: Data {
        // A dictionary of strings always has an encoding.
        var data = (try? JSONEncoder().encode(self)) ?? Data("{\"files\":{}}".utf8)
        data.append(UInt8(ascii: "\n"))
        return data
    }
}
