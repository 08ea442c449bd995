internal import Foundation
internal import SwiftASN1
internal import X509

extension ClusterCertificates {
    /// Checks that a directory has the certificates of a run and their key, that they belong together, and that they are
    /// valid today.
    ///
    /// - Throws: ``Failure``. Without this check the library would report them at the first connection, in its own words.
    package static func check(_ directory: String) throws(Failure) {
        let authorities = try certificates("\(directory)/\(authority)")
        let nodes = try certificates("\(directory)/\(node)")
        let path = "\(directory)/\(nodeKey)"
        // OpenSSL writes the parameters of a curve before the key.
        let keys = try documents(path).compactMap { try? Certificate.PrivateKey(pemDocument: $0) }
        guard let key = keys.first else {
            throw Failure(description: "'\(path)' is not a private key in PEM format; \(remedy)")
        }
        guard key.publicKey == nodes[0].publicKey else {
            throw Failure(description: "'\(path)' is not the key of '\(directory)/\(node)'; \(remedy)")
        }
        // The last of a chain is the one that the authority has signed, or the authority itself.
        let last = nodes[nodes.count - 1]
        guard authorities.contains(where: { $0.publicKey.isValidSignature(last.signature, for: last) }) else {
            throw Failure(
                description: "'\(directory)/\(node)' is not signed by '\(directory)/\(authority)'; \(remedy)")
        }
    }

    private static let remedy =
        "make new ones with 'dqn-cluster certificates DIR', or copy those of the run's other processes."

    /// Reads certificates that are valid now; at least one.
    private static func certificates(_ path: String) throws(Failure) -> [Certificate] {
        let found = try documents(path).compactMap { try? Certificate(pemDocument: $0) }
        guard !found.isEmpty else {
            throw Failure(description: "'\(path)' is not a certificate in PEM format; \(remedy)")
        }
        let now = Date()
        for certificate in found where certificate.notValidAfter < now || certificate.notValidBefore > now {
            throw Failure(
                description: "'\(path)' is valid from \(certificate.notValidBefore) to \(certificate.notValidAfter), "
                    + "but the clock of this host is at \(now); \(remedy)")
        }
        return found
    }

    private static func documents(_ path: String) throws(Failure) -> [PEMDocument] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let number = errno
            throw Failure(
                description: "'\(path)' cannot be read (\(String(cString: strerror(number)))); \(remedy)",
                isMissing: number == ENOENT)
        }
        let data = (try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd()) ?? Data()
        return (try? PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self))) ?? []
    }
}
