internal import DQNModel
internal import DQNSupport

/// Signs of progress within the pass of a large batch, which may take seconds.
enum NetworkPulse {
    /// Whether a pass of so many rows gives signs: passes of fewer are too short.
    static func isWanted(_ batchSize: Int) -> Bool { batchSize >= 128 }

    /// Gives a sign.
    ///
    /// - Throws: ``NetworkError`` with `Heartbeat.UpdateCut` as its cause if the update is to be cut short.
    static func beat() throws(NetworkError) {
        if isCut() { throw cut }
    }

    /// Gives a sign, and returns whether the update is to be cut short.
    static func isCut() -> Bool { Heartbeat.current?.beatAndCheck() ?? false }

    static var cut: NetworkError {
        NetworkError(
            code: .computeLibrary, message: "The pass was cut short, because the run is to stop.",
            underlying: Heartbeat.UpdateCut())
    }
}
