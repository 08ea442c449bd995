internal import Foundation
internal import GRPCNIOTransportHTTP2

/// How the processes of a run prove that they belong to it.
package enum ClusterSecurity: Sendable {
    /// Anyone who reaches the port takes part: for one machine whose users trust each other, and for tests.
    case plaintext
    /// Only processes with a certificate of the run's own authority; see ``ClusterCertificates``.
    case certificates(directory: String)

    var server: HTTP2ServerTransport.Posix.TransportSecurity {
        switch self {
        case .plaintext: .plaintext
        case .certificates(let directory):
            .mTLS(
                certificateChain: [.file(path: "\(directory)/\(ClusterCertificates.node)", format: .pem)],
                privateKey: .file(path: "\(directory)/\(ClusterCertificates.nodeKey)", format: .pem)
            ) {
                $0.trustRoots = .certificates([
                    .file(path: "\(directory)/\(ClusterCertificates.authority)", format: .pem)
                ])
            }
        }
    }

    var client: HTTP2ClientTransport.Posix.TransportSecurity {
        switch self {
        case .plaintext: .plaintext
        case .certificates(let directory):
            .mTLS(
                certificateChain: [.file(path: "\(directory)/\(ClusterCertificates.node)", format: .pem)],
                privateKey: .file(path: "\(directory)/\(ClusterCertificates.nodeKey)", format: .pem)
            ) {
                $0.trustRoots = .certificates([
                    .file(path: "\(directory)/\(ClusterCertificates.authority)", format: .pem)
                ])
                // All nodes share one certificate, whatever their names: the authority decides.
                $0.serverCertificateVerification = .noHostnameVerification
            }
        }
    }
}
