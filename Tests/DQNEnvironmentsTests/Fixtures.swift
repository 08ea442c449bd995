import Foundation

/// The recorded files beside the tests.
enum Fixtures {
    /// `Fixtures/` of the repository that contains this source file.
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

    /// Reads a recorded file.
    static func data(_ path: String) throws -> Data { try Data(contentsOf: directory.appending(path: path)) }

    /// The trajectories of an environment.
    static func trajectories(_ id: String) throws -> Trajectories {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Trajectories.self, from: data("trajectories/\(id).json"))
    }
}

/// A file of `Fixtures/trajectories`; see `Fixtures/README.md`.
struct Trajectories: Decodable {
    struct Episode: Decodable {
        let policy: String
        let seed: UInt64
        let steps: Int
        let actions: String
        let terminated: Bool
        let truncated: Bool
        let states: Data
        let observations: Data
        let rewards: Data
    }

    let environment: String
    let maximumEpisodeSteps: Int
    let rewardThreshold: Double
    let stateSize: Int
    let observationSize: Int
    let episodes: [Episode]
}

/// The little-endian numbers of a recording.
func numbers<Number: BitwiseCopyable>(_ data: Data, as type: Number.Type) -> [Number] {
    data.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size).map {
            bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)
        }
    }
}

/// Splits numbers into rows.
func rows<Number>(of values: [Number], width: Int) -> [[Number]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
}
