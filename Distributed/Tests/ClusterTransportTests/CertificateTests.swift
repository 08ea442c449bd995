import ClusterTransport
import Foundation
import Testing

/// A directory of certificates is checked before anything connects.
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
        #expect(failure?.description.hasPrefix("'\(path)' cannot be read (No such file or directory); make") == true)
    }

    @Test(arguments: ["ca.pem", "node.pem", "node.key"]) func filesOfTwoRunsAreRefused(name: String) throws {
        let other = "\(directory)-other"
        defer { for path in [directory, other] { try? FileManager.default.removeItem(atPath: path) } }
        for path in [directory, other] { try ClusterCertificates.create(in: path) }
        try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        try FileManager.default.copyItem(atPath: "\(other)/\(name)", toPath: "\(directory)/\(name)")
        // All authorities have one name, so that only a signature can tell them apart.
        let failure = #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.check(directory) }
        #expect(failure?.isMissing == false)
        let reason = name == "ca.pem" ? "is not signed by" : "is not the key of"
        #expect(failure?.description.contains(reason) == true, "\(failure?.description ?? "")")
    }

    /// As OpenSSL writes them: the parameters of a curve before the key, and a chain of certificates.
    @Test func filesWithSeveralPartsAreRight() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try ClusterCertificates.create(in: directory)
        let authority = try String(contentsOfFile: "\(directory)/ca.pem", encoding: .utf8)
        let node = try String(contentsOfFile: "\(directory)/node.pem", encoding: .utf8)
        try (node + authority).write(toFile: "\(directory)/node.pem", atomically: true, encoding: .utf8)
        let key = try String(contentsOfFile: "\(directory)/node.key", encoding: .utf8)
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        try (parameters + key).write(toFile: "\(directory)/node.key", atomically: true, encoding: .utf8)
        try ClusterCertificates.check(directory)
    }

    @Test func expiredCertificatesAreRefused() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try ClusterCertificates.create(in: directory, validFor: 0)
        let failure = #expect(throws: ClusterCertificates.Failure.self) { try ClusterCertificates.check(directory) }
        #expect(failure?.description.contains("but the clock of this host is at") == true)
    }
}
