internal import Foundation
internal import SwiftASN1
internal import X509

extension ClusterCertificates {
    /// Checks that a directory has the certificates of a run and their key, and that they are valid today.
    ///
    /// - Throws: ``Failure``. Without this check the library would report them at the first connection, in its own words.
    package static func check(_ directory: String) throws(Failure) {
        for name in [authority, node] {
            let path = "\(directory)/\(name)"
            let certificate: Certificate
            let text = try contents(path)
            do { certificate = try Certificate(pemEncoded: text) } catch {
                throw Failure(description: "'\(path)' is not a certificate in PEM format; \(remedy)")
            }
            guard certificate.notValidAfter >= Date(), certificate.notValidBefore <= Date() else {
                throw Failure(
                    description: "'\(path)' is valid from \(certificate.notValidBefore) to "
                        + "\(certificate.notValidAfter), and the clock of this host says \(Date()); \(remedy)")
            }
        }
        let path = "\(directory)/\(nodeKey)"
        let text = try contents(path)
        do { _ = try Certificate.PrivateKey(pemEncoded: text) } catch {
            throw Failure(description: "'\(path)' is not a private key in PEM format; \(remedy)")
        }
    }

    private static let remedy =
        "make new ones with 'dqn-cluster certificates DIR', or copy those of the run's other processes."

    private static func contents(_ path: String) throws(Failure) -> String {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
            let isMissing = !FileManager.default.fileExists(atPath: path)
            throw Failure(
                description: "'\(path)' \(isMissing ? "does not exist" : "cannot be read"); \(remedy)",
                isMissing: isMissing)
        }
    }
}
