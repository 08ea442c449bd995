internal import DQNModel
internal import DQNSupport
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
        try requireFile(path)
        let seal = try Seal.check(path, knowing: versions)
        do throws(CheckpointError) {
            return try HDF5.perform { session throws(CheckpointError) in
                try body(
                    try ContainerReader(
                        path, seal: seal, knowing: versions, checksDigests: checksDigests, for: purpose,
                        session: session))
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
