import ClusterTransport
import Foundation
import Testing

/// What is wrong with a directory of certificates is said before anything connects.
@Suite struct CertificateTests {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("c-\(UUID().uuidString)").path

    @Test func newCertificatesAreRight() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try ClusterCertificates.create(in: directory)
        try ClusterCertificates.check(directory)
    }

    @Test(arguments: ["ca.pem", "node.pem", "node.key"]) func aFileThatCannotBeUsedIsNamed(name: String) throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try ClusterCertificates.create(in: directory)
        let path = "\(directory)/\(name)"
        try "no certificate".write(toFile: path, atomically: true, encoding: .utf8)
        var failure = #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.check(directory) }
        #expect(failure?.isMissing == false)
        #expect(failure?.description.hasPrefix("'\(path)' is not a ") == true, "\(failure?.description ?? "")")
        try FileManager.default.removeItem(atPath: path)
        failure = #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.check(directory) }
        #expect(failure?.isMissing == true)
        #expect(failure?.description.hasPrefix("'\(path)' does not exist; make new ones with") == true)
    }

    @Test func expiredCertificatesAreRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try ClusterCertificates.create(in: directory, validFor: 0)
        let failure = #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.check(directory) }
        #expect(failure?.description.contains("and the clock of this host says") == true)
    }
}
