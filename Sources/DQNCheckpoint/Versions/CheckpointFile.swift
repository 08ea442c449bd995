internal import DQNModel
internal import Foundation
internal import HDF5

/// Opens checkpoint files and checks them before a body reads them.
enum CheckpointFile {
    static func read<Value: Sendable>(
        _ path: String, for purpose: ReadingPurpose = .loading,
        knowing versions: [ContainerVersion] = FormatVersion.containers,
        checksDigests: Bool = true,
        _ body: @Sendable (borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CheckpointError(code: .missing, message: "There is no file '\(path)'; check the path.")
        }
        guard !isDirectory.boolValue else {
            throw CheckpointError(code: .missing, message: "'\(path)' is a directory; choose a checkpoint file in it.")
        }
        let seal = try Seal.check(path, knowing: versions)
        return try HDF5.perform { session throws(CheckpointError) in
            try body(
                try ContainerReader(
                    path, seal: seal, knowing: versions, checksDigests: checksDigests, for: purpose,
                    session: session))
        }
    }

    /// Returns the state of a whole file in the form of the current version.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        try FormatVersion.codec(of: reader.version).checkpoint(reader).upgraded(from: reader.version)
    }

    /// Refuses files with required extensions that the caller does not support.
    static func require(
        _ extensions: [ExtensionGroup], of url: URL, understanding understood: Set<String>
    ) throws(CheckpointError) {
        for group in extensions where group.mustUnderstand && !understood.contains(group.owner) {
            throw CheckpointError(
                code: .unknownExtension,
                message:
                    "'\(url.path)' requires support for the extension '\(group.owner)'; use the program that wrote "
                    + "it.",
                rule: Rule.extensions.rawValue)
        }
    }
}
