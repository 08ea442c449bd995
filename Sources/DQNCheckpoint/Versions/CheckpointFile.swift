internal import DQNModel
internal import DQNSupport
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
        try requireFile(path)
        let seal = try Seal.check(path, knowing: versions)
        do throws(CheckpointError) {
            return try HDF5.perform { session throws(CheckpointError) in
                let file = OpenContainer(
                    try ContainerReader(
                        path, seal: seal, knowing: versions, checksDigests: checksDigests, for: purpose,
                        session: session))
                return try body(file)
            }
        } catch {
            guard error.code == .malformed, case .absent = seal, let words = ForeignFile.words(path) else {
                throw error
            }
            throw CheckpointError(
                code: .malformed, message: "'\(path)' is not a checkpoint: it is \(words). \(ForeignFile.remedy)",
                rule: error.rule, underlying: error)
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

    /// Checks that a path leads to a regular file.
    private static func requireFile(_ path: String) throws(CheckpointError) {
        let kind = FileKind(path)
        let message: String
        switch kind {
        // What cannot be looked at cannot be opened either.
        case .file, .hidden: return
        case .directory:
            let isSavedModel = FileKind("\(path)/saved_model.pb") == .file
            message =
                isSavedModel
                ? "'\(path)' is not a checkpoint: it is a SavedModel of TensorFlow (a directory). \(ForeignFile.remedy)"
                : "'\(path)' is a directory; choose a checkpoint file in it."
        case .special, .brokenLink, .link: message = "'\(path)' is \(kind.words); a checkpoint is a regular file."
        case .missing: message = "There is no file '\(path)'; check the path."
        }
        throw CheckpointError(code: .missing, message: message)
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
