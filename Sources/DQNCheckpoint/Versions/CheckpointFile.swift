internal import DQNModel
internal import Foundation
internal import HDF5

/// Opens checkpoint files and checks them before a body reads them.
enum CheckpointFile {
    /// Calls `body` on the HDF5 thread with a file whose seal, manifest and list of objects have been checked.
    static func open<Value: Sendable>(
        _ path: String, for purpose: ReadingPurpose,
        knowing versions: [ContainerVersion] = FormatVersion.containers,
        checksDigests: Bool,
        _ body: @Sendable (OpenContainer) throws(CheckpointError) -> Value
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
            let file = OpenContainer(
                try ContainerReader(
                    path, seal: seal, knowing: versions, checksDigests: checksDigests, for: purpose,
                    session: session))
            return try body(file)
        }
    }

    /// Like ``open(_:for:knowing:checksDigests:_:)``, for a body that needs the reader alone.
    static func read<Value: Sendable>(
        _ path: String, for purpose: ReadingPurpose = .loading,
        knowing versions: [ContainerVersion] = FormatVersion.containers,
        checksDigests: Bool = true,
        _ body: @Sendable (borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value {
        try open(path, for: purpose, knowing: versions, checksDigests: checksDigests) {
            (file) throws(CheckpointError) in try body(file.reader)
        }
    }

    /// Returns the state of a whole file in the form of the current version.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        try FormatVersion.codec(of: reader.version).checkpoint(reader).upgraded(from: reader.version)
    }

    /// Refuses files with required extensions that the caller does not support.
    ///
    /// - Parameter owners: The owners of the extensions that a reader must understand.
    static func require(
        _ owners: [String], of url: URL, understanding understood: Set<String>
    ) throws(CheckpointError) {
        for owner in owners where !understood.contains(owner) {
            throw CheckpointError(
                code: .unknownExtension,
                message: "'\(url.path)' requires support for the extension '\(owner)'; use the program that wrote it.",
                rule: Rule.extensions.rawValue)
        }
    }
}

extension Checkpoint {
    /// The owners of the extensions that a reader must understand.
    var requiredExtensions: [String] { extensions.filter(\.mustUnderstand).map(\.owner) }
}
