internal import DQNModel

/// The versions of the file format that this library supports.
public enum FormatVersion {
    /// All known versions, oldest first.
    public static let known = codecs.map { $0.version }
    /// The version written by default; the last of ``known``.
    public static let current = Format2_1.version

    /// The codecs, oldest first.
    static let codecs: [any FormatCodec.Type] = [
        Format1_0.self, Format1_1.self, Format2_0.self, Format2_1.self,
    ]
    /// The migrations between neighbours: the first is from the first codec's version to the second's.
    static let migrations: [any Migration.Type] = [
        Migration1_0To1_1.self, Migration1_1To2_0.self, Migration2_0To2_1.self,
    ]

    /// All known versions with their layouts.
    static let containers = codecs.map { ContainerVersion(name: $0.version, layout: $0.layout) }

    /// Returns the index of a version in `codecs`.
    ///
    /// - Throws: ``CheckpointError`` (`unsupportedVersion`), which lists the known versions.
    static func index(of version: String) throws(CheckpointError) -> Int {
        guard let index = codecs.firstIndex(where: { $0.version == version }) else {
            throw CheckpointError(
                code: .unsupportedVersion,
                message: "Unknown format version '\(version)'; choose one of \(known.joined(separator: ", ")).")
        }
        return index
    }

    /// Returns the codec of a version; throws like `index(of:)`.
    static func codec(of version: String) throws(CheckpointError) -> any FormatCodec.Type {
        codecs[try index(of: version)]
    }
}
