import ArgumentParser
import ClusterTransport
import Foundation

struct Certificates: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create a run's own authority, and the certificate and key of its processes.",
        discussion: """
            Copy the directory to every host of the run. Whoever has node.key takes part in the run.

            EXAMPLES
              dqn-cluster certificates certificates
              dqn-cluster certificates certificates --days 30
            """)
    @Argument(help: "New directory.") var directory: String
    @Option(help: "Days for which the certificates are valid.") var days = 365

    func validate() throws {
        guard (1...36_500).contains(days) else {
            throw ValidationError("--days \(days) is out of range; it must be from 1 to 36500.")
        }
    }

    func run() throws {
        do { try ClusterCertificates.create(in: directory, validFor: days) } catch {
            FileHandle.standardError.write(Data("dqn-cluster: \(error)\n".utf8))
            throw ExitCode.failure
        }
        print(directory)
    }
}
