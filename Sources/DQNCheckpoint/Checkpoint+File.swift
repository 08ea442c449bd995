public import DQNModel
public import Foundation
internal import HDF5

extension Checkpoint {
    /// Writes the checkpoint to a new file, durably: all of it, or nothing (or, where only the directory could not be
    /// synchronised, all of it with an error).
    ///
    /// The bytes go to `PATH.tmp` first, which is synchronised to the disk, read back, compared and sealed, then renamed.
    /// Compressing replays and two passes of SHA-256 over the rest are most of its cost.
    /// - Parameters:
    ///   - overwriting: whether a file that is there may be replaced.
    ///   - version: the format's version, one of ``FormatVersion/known``.
    /// - Throws: ``CheckpointError``: `exists`, `invalidState`, `inputOutput`, `unsupportedVersion`, and `lossy` for
    ///   a state that an older version cannot hold whole: see ``converted(to:allowLossy:)``. Whatever was there before
    ///   is untouched.
    public func write(
        to url: URL, overwriting: Bool = false, version: String = FormatVersion.current
    ) throws(CheckpointError) {
        try write(to: url, overwriting: overwriting, version: version, archive: ReplayArchive())
    }

    /// Writes the file as ``write(to:overwriting:version:)`` does, with what earlier saves compressed at hand.
    ///
    /// - Returns: what identifies the file.
    @discardableResult
    func write(
        to url: URL, overwriting: Bool, version: String, archive: ReplayArchive
    ) throws(CheckpointError) -> String {
        let codec = try FormatVersion.codec(of: version)
        if !overwriting, FileManager.default.fileExists(atPath: url.path) {
            throw CheckpointError(
                code: .exists, message: "'\(url.path)' exists; choose another name or allow overwriting.")
        }
        let arrays = try codec.arrays(try converted(to: version).checkpoint)
        archive.begin(
            replayBytes: arrays.reduce(0) { $0 + ($1.replay == nil ? 0 : $1.shape.reduce($1.element.byteCount, *)) })
        defer { archive.end() }
        var digest = ""
        try DurableFile.commit(to: url) { (temporary) throws(CheckpointError) in
            try ContainerWriter.write(
                arrays, attributes: attributes(version), to: temporary, archive: codec.isSealed ? archive : nil)
        } verify: { (temporary) throws(CheckpointError) in
            guard codec.isSealed else {
                digest = try CheckpointFile.verifyUnsealed(temporary)
                return []
            }
            // Two readings at once: of the content, which must be what was meant, and of the bytes, for the seal.
            let seal = Concurrently { () throws(CheckpointError) in try Seal.make(for: temporary, version: version) }
            defer { _ = try? seal.value() }
            try CheckpointFile.verify(temporary, beforeSealing: version, arrays, archive)
            digest = try seal.value().digest
            return try seal.value().bytes
        }
        return digest
    }

    /// The root attributes but the manifest's digest, in the order they are written.
    private func attributes(_ version: String) -> [(name: String, value: HDF5.AttributeValue)] {
        [
            (FileLayout.format, .string(FileLayout.formatName)), (FileLayout.version, .string(version)),
            (FileLayout.writer, .string(writer.name)), (FileLayout.writerVersion, .string(writer.version)),
            (FileLayout.agentSteps, .int64(Int64(counters.agentSteps))),
        ]
    }

    /// Reads and checks a whole file of any known version.
    ///
    /// A seal (2.0) is compared with every byte before anything is parsed; it vouches for the datasets, whose own digests are
    /// compared where there is none. ``Verifier`` compares both.
    ///
    /// What an older version does not record is supplied: a worker of 1.0 is running, and has taken the run's agent
    /// steps where it is the only one, otherwise 0.
    /// - Parameter understood: owners of extensions that the caller understands.
    /// - Throws: ``CheckpointError``: `missing`, `malformed` with the rule it breaks, `unsupportedVersion`,
    ///   `unknownExtension`.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        try self.init(contentsOf: url, understanding: understood, knowing: FormatVersion.known)
    }

    /// Reads a file as a library does that knows only some versions.
    package init(
        contentsOf url: URL, understanding understood: Set<String> = [], knowing versions: [String]
    ) throws(CheckpointError) {
        // What a seal vouches for is not hashed a second time.
        self = try CheckpointFile.read(url.path, knowing: versions, checksDigests: false) {
            (reader) throws(CheckpointError) in
            try CheckpointFile.checkpoint(reader)
        }
        try CheckpointFile.require(extensions, of: url, understanding: understood)
    }
}

/// The part of a checkpoint that acting needs; reading it leaves out replay, optimiser and workers.
public struct CheckpointPolicy: Sendable {
    /// The configuration of the run.
    public let configuration: JSONValue
    /// The network.
    public let architecture: NetworkArchitecture
    /// The online network's parameters, in the order of ``DQNModel/ParameterLayout``.
    public let parameters: [Float]
    /// Agent steps of training behind it.
    public let agentSteps: Int

    /// Reads a file's policy; everything that is read is checked against its digest.
    ///
    /// - Parameter understood: owners of extensions that the caller understands.
    /// - Throws: as ``Checkpoint/init(contentsOf:understanding:)``.
    public init(contentsOf url: URL, understanding understood: Set<String> = []) throws(CheckpointError) {
        self = try CheckpointFile.read(url.path, checksDigests: false) { (reader) throws(CheckpointError) in
            try CheckpointFile.require(try Format1_0.extensions(reader), of: url, understanding: understood)
            let head = try FormatVersion.codec(of: reader.version).head(reader)
            return CheckpointPolicy(
                configuration: head.configuration, architecture: head.architecture,
                parameters: try Format1_0.vector("parameters/online", head.layout, reader, .parameters),
                agentSteps: head.progress.counters.agentSteps)
        }
    }

    private init(configuration: JSONValue, architecture: NetworkArchitecture, parameters: [Float], agentSteps: Int) {
        self.configuration = configuration
        self.architecture = architecture
        self.parameters = parameters
        self.agentSteps = agentSteps
    }
}

/// Reading of files: opens, checks, hands to a body.
enum CheckpointFile {
    static func read<Value: Sendable>(
        _ path: String, for purpose: ReadingPurpose = .loading, knowing versions: [String] = FormatVersion.known,
        checksDigests: Bool = true,
        _ body: @Sendable (borrowing ContainerReader) throws(CheckpointError) -> Value
    ) throws(CheckpointError) -> Value {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CheckpointError(code: .missing, message: "There is no file '\(path)'; check the path.")
        }
        guard !isDirectory.boolValue else {
            throw CheckpointError(code: .missing, message: "'\(path)' is a directory; name a checkpoint file in it.")
        }
        let seal = try Seal.check(path, knowing: versions)
        return try HDF5.perform { session throws(CheckpointError) in
            try body(
                try ContainerReader(
                    path, seal: seal, knowing: versions, checksDigests: checksDigests, for: purpose,
                    session: session))
        }
    }

    /// A whole file's state in the form of the current version.
    static func checkpoint(_ reader: borrowing ContainerReader) throws(CheckpointError) -> Checkpoint {
        try FormatVersion.codec(of: reader.version).checkpoint(reader).upgraded(from: reader.version)
    }

    /// Refuses extensions that must be understood and are not.
    static func require(
        _ extensions: [ExtensionGroup], of url: URL, understanding understood: Set<String>
    ) throws(CheckpointError) {
        for group in extensions where group.mustUnderstand && !understood.contains(group.owner) {
            throw CheckpointError(
                code: .unknownExtension,
                message: "'\(url.path)' holds state of '\(group.owner)', which must be understood and is not; use the "
                    + "program that wrote it.",
                rule: Rule.extensions.rawValue)
        }
    }

    /// Reads every byte of a file without a seal back and compares it with its digest, and the structure with the
    /// manifest; gives the manifest's digest.
    static func verifyUnsealed(_ path: String) throws(CheckpointError) -> String {
        try read(path) { (reader) throws(CheckpointError) in
            for entry in reader.manifest.datasets {
                try reader.forEachRun(of: entry) { (_) throws(CheckpointError) in }
            }
            return reader.digest
        }
    }

    /// Reads what was written back, in a file that is to be sealed next, and compares it with what was meant.
    static func verify(
        _ path: String, beforeSealing version: String, _ arrays: [StoredArray], _ archive: ReplayArchive
    ) throws(CheckpointError) {
        try HDF5.perform { session throws(CheckpointError) in
            let reader = try ContainerReader(
                path, seal: Seal(version: version, fileBytes: 0, digest: ""), knowing: [version], checksDigests: true,
                session: session)
            for array in arrays {
                let entry = try reader.entry(array.path, array.element, rule: .completeness)
                if entry.chunkRows != nil, let (snapshot, column) = array.replay {
                    try reader.withDataset(entry) { (dataset) throws(CheckpointError) in
                        try archive.verify(column, of: snapshot, in: dataset)
                    }
                } else {
                    try reader.forEachRun(of: entry) { (_) throws(CheckpointError) in }
                }
            }
        }
    }
}
