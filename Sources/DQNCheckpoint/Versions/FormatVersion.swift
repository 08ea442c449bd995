internal import DQNModel

/// The versions of the file format that this library reads and writes.
public enum FormatVersion {
    /// All known versions, oldest first.
    public static let known = codecs.map { $0.version }
    /// The version that is written where no other is asked for; the last of ``known``.
    public static let current = Format2_0.version

    /// The codecs, oldest first.
    static let codecs: [any FormatCodec.Type] = [Format1_0.self, Format1_1.self, Format2_0.self]
    /// The ways between neighbours: the first leads from the first codec's version to the second's.
    static let migrations: [any Migration.Type] = [Migration1_0To1_1.self, Migration1_1To2_0.self]

    /// All known versions, as a container reader sees them.
    static let containers = codecs.map { ContainerVersion(name: $0.version, layout: $0.layout) }

    /// Where a version stands in ``codecs``.
    ///
    /// - Throws: ``CheckpointError`` (`unsupportedVersion`) naming the known ones.
    static func index(of version: String) throws(CheckpointError) -> Int {
        guard let index = codecs.firstIndex(where: { $0.version == version }) else {
            throw CheckpointError(
                code: .unsupportedVersion,
                message: "There is no format version '\(version)' here; known are \(known.joined(separator: ", ")).")
        }
        return index
    }

    /// The codec of a version; throws as ``index(of:)``.
    static func codec(of version: String) throws(CheckpointError) -> any FormatCodec.Type {
        codecs[try index(of: version)]
    }
}
