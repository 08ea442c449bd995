package import DQNGraphics
internal import DQNModel
internal import Foundation

extension GymnasiumEnvironment {
    /// The environment's own text; empty if it renders none.
    package func renderANSI() -> String {
        guard progress.phase != .beforeFirstReset, let reply = try? process.ask(.render, seconds: stepSeconds),
            reply.status == .done
        else { return "" }
        return reply.text.trimmingCharacters(in: .newlines)
    }

    /// The step, with the limit of the episode.
    package var statusLine: String { StatusLine.text(progress, limit: specification.maximumEpisodeSteps, []) }

    /// The environment's picture in Gymnasium's mode `rgb_array`, or else its observation, if that is a frame; `nil`
    /// before the first reset.
    ///
    /// Drawing changes only state that the environment keeps for drawing; a snapshot may omit that state.
    /// - Throws: ``EnvironmentError``: `environmentFailed` if the environment has pictures but could not draw this one,
    ///   for instance without pygame.
    package func picture() throws(EnvironmentError) -> Picture? {
        guard progress.phase != .beforeFirstReset else { return nil }
        let reply = try process.ask(.picture, seconds: stepSeconds)
        if reply.status == .done, let picture = Self.picture(reply.payload) { return picture }
        var observation = Observation(zerosOf: specification.observationSpace)
        observe(into: &observation)
        if let picture = Picture(observation) { return picture }
        if let refusal = process.refusal(of: reply, "be drawn") { throw refusal }
        return nil
    }

    /// The rate at which the environment's authors show it; real time for Atari.
    package var stepsPerSecond: Double { description.steps_per_second ?? 15 }

    /// Decodes height, width and pixels; `nil` if there is no picture.
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
}
