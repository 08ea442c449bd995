import DQNCheckpoint
import Foundation

/// Reads bytes as a file in every way. The tests and the fuzz target in `Tests/Fuzz` share this source file.
enum FileReading {
    /// Reads the bytes unchanged, with a valid seal, with a correct digest of the manifest, and with both; equal ones
    /// once.
    ///
    /// Any thrown error is acceptable; only a crash or an endless read is a failure.
    static func readEverything(_ bytes: [UInt8], at url: URL) throws {
        let digested = try withRightManifestDigest(bytes)
        for file in Set([bytes, digested, try sealed(bytes), try sealed(digested)]) { try read(file, at: url) }
    }

    private static func read(_ bytes: [UInt8], at url: URL) throws {
        try Data(bytes).write(to: url)
        _ = try? CheckpointPolicy(contentsOf: url)
        _ = try? CheckpointSummary(contentsOf: url)
        _ = try? Checkpoint(contentsOf: url)
        _ = Verifier.verify(url)
    }

    /// Returns the bytes as a file with a valid seal, which replaces an existing one or is inserted before them. It is of
    /// 2.1 if the existing seal is, otherwise of 2.0.
    static func sealed(_ bytes: [UInt8]) throws -> [UInt8] {
        let rest = bytes.starts(with: "swift-dqn".utf8) ? bytes.dropFirst(512) : bytes[...]
        let length = String(format: "%020d", 512 + rest.count)
        let version = bytes.starts(with: "swift-dqn checkpoint 2.1".utf8) ? "2.1" : "2.0"
        let text = "swift-dqn checkpoint \(version)\nlength \(length)\nsha256 \(try FileDigest.hexadecimal(of: rest))\n"
        return Array(text.utf8) + [UInt8](repeating: 0, count: 512 - text.utf8.count) + rest
    }

    /// Returns the bytes with the correct digest of what looks like a manifest, for files without checksums in headers.
    private static func withRightManifestDigest(_ bytes: [UInt8]) throws -> [UInt8] {
        let data = Data(bytes)
        guard let start = data.range(of: Data(#"{"attributes":"#.utf8)),
            let end = data.range(of: Data("}]}".utf8), options: .backwards, in: start.upperBound..<data.endIndex),
            let name = data.range(of: Data("manifest_sha256\0".utf8))
        else { return bytes }
        let digest = try FileDigest.hexadecimal(of: data[start.lowerBound..<end.upperBound])
        // The value follows the attribute's type and extents.
        let isDigit: (UInt8) -> Bool = { (48...57).contains($0) || (97...102).contains($0) }
        var result = bytes
        for place in name.upperBound..<min(name.upperBound + 64, max(name.upperBound, bytes.count - 64))
        where bytes[place..<(place + 64)].allSatisfy(isDigit) {
            result.replaceSubrange(place..<(place + 64), with: digest.utf8)
            break
        }
        return result
    }
}
