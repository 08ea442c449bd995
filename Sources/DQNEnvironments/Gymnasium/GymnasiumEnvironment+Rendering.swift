public import DQNGraphics
internal import DQNModel
internal import Foundation

extension GymnasiumEnvironment {
    /// The environment's own text where it can render one, otherwise its picture, otherwise its observation's numbers;
    /// the latter two over a line of figures.
    public func renderANSI() -> String {
        if let text = ownText { return text }
        return drawing(columns: StatusLine.width, rows: StatusLine.width / 2) + "\n"
            + StatusLine.text(progress, limit: specification.maximumEpisodeSteps, [])
    }

    /// The same as large as it fits, without a line of figures.
    public func renderANSI(columns: Int, rows: Int) -> String { ownText ?? drawing(columns: columns, rows: rows) }

    private var ownText: String? {
        guard progress.phase != .beforeFirstReset, let reply = try? process.ask(.render, seconds: stepSeconds),
            reply.status == .done, !reply.payload.isEmpty
        else { return nil }
        return reply.text.trimmingCharacters(in: .newlines)
    }

    private func drawing(columns: Int, rows: Int) -> String {
        // A picture that cannot be drawn is no reason to end a run.
        if let picture = try? picture() { return picture.terminalText(columns: columns, rows: rows) }
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        return numbers(observation).joined(separator: "\n")
    }

    /// What the environment draws in colour, in Gymnasium's mode `rgb_array`; where it cannot, its observation, if that
    /// is a frame.
    ///
    /// It is drawn in the environment as it is: nothing of its state changes but what it keeps for drawing, for which a
    /// snapshot may have no place.
    /// - Throws: ``EnvironmentError``; `environmentFailed` where it draws, but could not this time, as without pygame.
    public func picture() throws -> Picture? {
        guard progress.phase != .beforeFirstReset else { return nil }
        let reply = try process.ask(.picture, seconds: stepSeconds)
        if reply.status == .done, let picture = Self.picture(reply.payload) { return picture }
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        if let picture = Picture(observation) { return picture }
        if let refusal = process.refusal(of: reply, "be drawn") { throw refusal }
        return nil
    }

    /// Agent steps a second as the environment's authors show them; of Atari's, in real time.
    public var stepsPerSecond: Double { description.steps_per_second ?? 15 }

    /// Height and width, then the pixels; `nil` where it is none.
    private static func picture(_ payload: [UInt8]) -> Picture? {
        guard payload.count > 8 else { return nil }
        let (height, width) = payload.withUnsafeBytes { bytes in
            (
                Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))),
                Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
            )
        }
        guard width > 0, height > 0, payload.count - 8 == 3 * width * height else { return nil }
        return Picture(width: width, height: height, bytes: Array(payload.dropFirst(8)))
    }

    private func numbers(_ observation: Observation) -> [String] {
        observation.floats.prefix(64).enumerated().map { index, value in
            let line = "\(index)".padding(toLength: 6, withPad: " ", startingAt: 0)
            let number = StatusLine.signed(Double(value), decimals: 4)
            return (line + number).padding(toLength: StatusLine.width, withPad: " ", startingAt: 0)
        }
    }
}
