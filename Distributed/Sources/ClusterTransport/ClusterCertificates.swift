internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A run's own authority, and the certificate and key of its processes, as files.
package enum ClusterCertificates {
    /// The authority's certificate, which both sides trust alone.
    static let authority = "ca.pem"
    /// The certificate of every process.
    static let node = "node.pem"
    /// Its key: whoever has it takes part in the run.
    static let nodeKey = "node.key"

    /// Why certificates could not be created, or cannot be used.
    package struct Failure: Error, CustomStringConvertible {
        /// One sentence with the reason and the remedy.
        package let description: String
        /// Whether a file does not exist.
        package var isMissing = false
    }

    /// Creates a new authority, and a certificate and key that it has signed. The authority's key is kept nowhere, so
    /// that nothing else can ever be signed.
    ///
    /// - Parameters:
    ///   - directory: is created, readable by its owner alone; it must not exist.
    ///   - days: how long the certificates are valid.
    /// - Throws: ``Failure`` if the directory exists, or cannot be created or written.
    package static func create(in directory: String, validFor days: Int = 365) throws {
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw Failure(description: "'\(directory)' exists; choose a new directory for the run's certificates.")
        }
        let now = Date()
        // Clocks of hosts differ a little.
        let validity = now.addingTimeInterval(-3_600)..<now.addingTimeInterval(Double(days) * 86_400)
        let root = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let rootName = try DistinguishedName { CommonName("swift-dqn run") }
        let authority = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: root.publicKey,
            notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound, issuer: rootName,
            subject: rootName, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            }, issuerPrivateKey: root)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let node = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: validity.lowerBound, notValidAfter: validity.upperBound, issuer: rootName,
            subject: DistinguishedName { CommonName("swift-dqn process") }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
            }, issuerPrivateKey: root)
        try write(
            [
                Self.authority: authority.serializeAsPEM().pemString, Self.node: node.serializeAsPEM().pemString,
                Self.nodeKey: key.serializeAsPEM().pemString,
            ], to: directory)
    }

    private static func write(_ files: [String: String], to directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Failure(description: "'\(directory)' cannot be created: \(error.localizedDescription)") }
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            // The directory admits its owner alone, so that no file is ever open to others.
            guard
                FileManager.default.createFile(
                    atPath: "\(directory)/\(name)", contents: Data((content + "\n").utf8),
                    attributes: [.posixPermissions: 0o600])
            else { throw Failure(description: "'\(directory)/\(name)' cannot be written; check the disk.") }
        }
    }
}
