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
            .mTLS(certificateChain: Self.chain(directory), privateKey: Self.key(directory)) {
                $0.trustRoots = Self.authority(directory)
            }
        }
    }

    var client: HTTP2ClientTransport.Posix.TransportSecurity {
        switch self {
        case .plaintext: .plaintext
        case .certificates(let directory):
            .mTLS(certificateChain: Self.chain(directory), privateKey: Self.key(directory)) {
                $0.trustRoots = Self.authority(directory)
                // All nodes share one certificate, whatever their names: the authority decides.
                $0.serverCertificateVerification = .noHostnameVerification
            }
        }
    }

    private static func chain(_ directory: String) -> [TLSConfig.CertificateSource] {
        [.file(path: "\(directory)/\(ClusterCertificates.node)", format: .pem)]
    }

    private static func key(_ directory: String) -> TLSConfig.PrivateKeySource {
        .file(path: "\(directory)/\(ClusterCertificates.nodeKey)", format: .pem)
    }

    private static func authority(_ directory: String) -> TLSConfig.TrustRootsSource {
        .certificates([.file(path: "\(directory)/\(ClusterCertificates.authority)", format: .pem)])
    }
}
