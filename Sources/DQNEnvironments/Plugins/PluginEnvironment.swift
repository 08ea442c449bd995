internal import CDQNEnvironment
internal import DQNModel

/// An environment of a plug-in in C, with every call checked: `plugin:PATH:NAME`.
///
/// A reference, unlike the built-in environments: copies are the same environment. Calls must not overlap; trainers and
/// players call it from one thread at a time.
final class PluginEnvironment: Environment {
    /// The plug-in's description, within the limits of `dqn_environment.h`.
    let specification: EnvironmentSpecification

    private let path: String
    private let name: String
    private let table: PluginTable
    private let handle: PluginHandle
    private let actionCount: Int
    /// The current observation, fetched by calls that can throw, because ``observe(into:)`` cannot.
    private let frame: GuardedBuffer
    private var progress = EpisodeProgress()

    /// Creates an environment, loading its library if necessary.
    ///
    /// - Parameter id: of kind `plugIn`.
    /// - Throws: ``EnvironmentError``: `unknownEnvironment`, `pluginNotFound`, `invalidPlugin`, `invalidOptions`.
    init(_ id: EnvironmentID) throws(EnvironmentError) {
        guard case .plugIn(let file) = id.kind else { preconditionFailure("'\(id)' is not the id of a plug-in") }
        let library = try PluginLibrary.open(try PluginLibrary.locate(file))
        let table = try library.table(id.name)
        let options = id.options
        let handle = try PluginHandle(table, options: options, path: library.path)
        var description = PluginDescription.blank()
        guard table.describe(handle.pointer, &description) == DQN_ENVIRONMENT_OK else {
            throw .invalidPlugin(library.path, "could not describe \(table.name); describe() must not fail")
        }
        // The full id, even if the name was omitted: a later library may have several environments.
        var specification = try PluginDescription.specification(
            description, id: try id.naming(table.name).description, name: table.name, path: library.path)
        specification.libraryFile = library.path
        let texts = options.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
        try library.agree(specification, for: table.name + texts.joined())
        specification.loadedFiles = library.files
        frame = GuardedBuffer(byteCount: specification.observationSpace.byteCount)
        (path, name, actionCount) = (library.path, table.name, specification.actionCount)
        self.specification = specification
        self.table = table
        self.handle = handle
    }

    func reset(seed: UInt64?) throws(EnvironmentError) {
        progress.abandon()
        let status =
            if var seed { table.reset(handle.pointer, &seed) } else { table.reset(handle.pointer, nil) }
        try require(status, "a reset")
        try fetchObservation(after: "a reset")
        progress.begin()
    }

    func step(_ action: Int) throws(EnvironmentError) -> StepOutcome {
        try progress.check(action, of: specification, actions: actionCount)
        do throws(EnvironmentError) {
            var outcome = dqn_environment_outcome()
            try require(table.step(handle.pointer, Int64(action), &outcome), "a step")
            guard outcome.reward.isFinite else {
                throw failure("paid a reward of \(outcome.reward) for action \(action); rewards must be finite")
            }
            try fetchObservation(after: "a step")
            let (terminated, cutOff) = (outcome.terminated != 0, outcome.truncated != 0)
            let limited = progress.advance(
                terminated: terminated || cutOff, limit: specification.maximumEpisodeSteps)
            return StepOutcome(reward: outcome.reward, terminated: terminated, truncated: cutOff || limited)
        } catch {
            // The environment's state is unknown; a reset may repair it.
            progress.abandon()
            throw error
        }
    }

    func observe(into observation: inout Observation) {
        observation.withMutableBytes { bytes in
            precondition(bytes.count == frame.count, "the observation does not fit \(name)")
            frame.withBytes { bytes.copyMemory(from: UnsafeRawBufferPointer($0)) }
        }
    }

    func snapshot() throws(EnvironmentError) -> StateSnapshot? {
        guard let state = table.state else { return nil }
        let handle = handle.pointer
        guard let bytes = try written("snapshot()", limit: 1 << 28, { state.snapshot(handle, $0, $1, $2) }) else {
            return nil
        }
        var values: [String: StateSnapshot.Value] = ["plugin": .uint8(bytes)]
        progress.store(in: &values)
        return StateSnapshot(kind: name, version: table.snapshotVersion, values: values)
    }

    func restore(_ snapshot: StateSnapshot) throws {
        try snapshot.require(kind: name, version: table.snapshotVersion)
        let progress = try EpisodeProgress(
            restoring: snapshot, limit: specification.maximumEpisodeSteps ?? .max)
        guard let state = table.state, case .uint8(let bytes) = snapshot.values["plugin"], !bytes.isEmpty else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "\(specification.id) cannot restore the state, which "
                    + (table.state == nil ? "comes from a plug-in with snapshots" : "does not come from a plug-in")
                    + "; use the plug-in that wrote it.")
        }
        guard bytes.withUnsafeBytes({ state.restore(handle.pointer, $0.baseAddress, $0.count) }) == DQN_ENVIRONMENT_OK
        else {
            throw ModelError(
                code: .invalidSnapshot,
                message: "\(specification.id) refuses the stored state of \(bytes.count) bytes (\(reason)); "
                    + "use the plug-in that wrote it.")
        }
        // If fetching the observation fails, the state is unknown.
        self.progress.abandon()
        if progress.phase != .beforeFirstReset { try fetchObservation(after: "a restore") }
        self.progress = progress
    }

    var statusLine: String { StatusLine.text(progress, limit: specification.maximumEpisodeSteps, [name]) }

    func renderANSI() -> String {
        guard let render = table.render else { return "" }
        let handle = handle.pointer
        do {
            let text = try written("render()", limit: 1 << 20) {
                render(handle, $0?.assumingMemoryBound(to: CChar.self), $1, $2)
            }
            return String(decoding: text ?? [], as: UTF8.self)
        } catch {
            // A failure to draw a picture must not end a run.
            return "\(error)"
        }
    }
}

extension PluginEnvironment {
    /// Copies the plug-in's observation into `frame`.
    private func fetchObservation(after call: String) throws(EnvironmentError) {
        let status = frame.withBytes { table.observe(handle.pointer, $0.baseAddress, $0.count) }
        try require(status, "an observation after \(call)")
        guard frame.isIntact else {
            throw failure(
                "wrote an observation beyond its declared size of \(frame.count) bytes; "
                    + "stay within the size")
        }
        guard specification.observationSpace.element == .float32 else { return }
        let found = frame.withBytes { bytes -> (index: Int, value: Float)? in
            // The buffer holds floats only and is aligned for them. Infinities and NaNs have the largest bit patterns.
            let patterns = bytes.assumingMemoryBound(to: UInt32.self)
            var largest: UInt32 = 0
            for pattern in patterns { largest = max(largest, pattern & 0x7fff_ffff) }
            guard largest >= 0x7f80_0000 else { return nil }
            return patterns.firstIndex { $0 & 0x7fff_ffff >= 0x7f80_0000 }.map { ($0, Float(bitPattern: patterns[$0])) }
        }
        guard let found else { return }
        throw failure(
            "returned an observation after \(call) with \(found.value) at index \(found.index); "
                + "its numbers must be finite")
    }

    /// Calls a function twice, for the size and for the bytes, and returns what it writes; `nil` if that is unavailable
    /// now.
    private func written(
        _ function: String, limit: Int,
        _ call: (UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<Int>) -> PluginTable.Status
    ) throws(EnvironmentError) -> [UInt8]? {
        // C's size_t, which Swift imports as a signed number.
        var size = 0
        var status = call(nil, 0, &size)
        if status == DQN_ENVIRONMENT_UNAVAILABLE { return nil }
        try require(status, function)
        guard (1...limit).contains(size) else {
            throw failure("requests \(UInt(bitPattern: size)) bytes for \(function); 1 to \(limit) are allowed")
        }
        let buffer = GuardedBuffer(byteCount: size)
        var written = 0
        status = buffer.withBytes { call($0.baseAddress, size, &written) }
        // This comes first: memory may have been overwritten.
        guard buffer.isIntact, UInt(bitPattern: written) <= UInt(size) else {
            throw failure("wrote more in \(function) than its declared \(size) bytes; stay within them")
        }
        if status == DQN_ENVIRONMENT_UNAVAILABLE { return nil }
        try require(status, function)
        guard written >= 1 else { throw failure("wrote nothing in \(function); it must write 1 to \(size) bytes") }
        return buffer.withBytes { Array($0[..<written]) }
    }

    /// - Parameter call: evaluated for the error only, since steps must not allocate.
    private func require(
        _ status: PluginTable.Status, _ call: @autoclosure () -> String
    ) throws(EnvironmentError) {
        switch status {
        case DQN_ENVIRONMENT_OK: return
        case DQN_ENVIRONMENT_FAILED: throw failure("failed in \(call()) (\(reason)); fix the plug-in")
        default: throw failure("returned the invalid status \(status) from \(call()); see dqn_environment.h")
        }
    }

    /// The plug-in's text for the last failure.
    private var reason: String {
        let text = table.errorText.flatMap { $0(handle.pointer) }.map { boundedText($0, limit: 500) } ?? ""
        return text.isEmpty ? "no reason given" : text
    }

    private func failure(_ complaint: String) -> EnvironmentError {
        EnvironmentError(code: .pluginFailed, message: "\(name) of the plug-in '\(path)' \(complaint).")
    }
}
