internal import DQNModel

/// Rule 24: masks have a byte for each action, 0 or 1.
extension Format2_1 {
    /// Checks the mask of a current observation.
    static func check(_ mask: [UInt8], _ path: String) throws(CheckpointError) {
        if let value = mask.first(where: { $0 > 1 }) {
            throw .broken(.masks, "/\(path) contains \(value); a mask consists of 0 and 1.")
        }
    }

    /// Checks the masks of a replay, if it has any: slots without an action have zeros.
    static func checkMasks(
        _ replay: ReplaySnapshot, _ path: String, actions: Int
    ) throws(CheckpointError) {
        guard let column = replay.columns.first(where: { $0.name == ReplayRules.nextActionMasks }) else { return }
        let name = "/\(path)/\(column.name)"
        guard column.element == .uint8, column.shape == [actions] else {
            throw .broken(
                .masks,
                "\(name) has \(column.element.rawValue) \(column.shape) per slot, but the network needs uint8 "
                    + "[\(actions)].")
        }
        guard ReplayRules.isRead(replay) else { return }
        let flags: [UInt8] = try ReplayRules.scalars("flags", .uint8, replay, path, .replay)
        var slot = 0
        var complaint: String?
        replay.forEachRun(of: column) { bytes in
            for start in stride(from: 0, to: bytes.count, by: actions) where complaint == nil {
                let largest = bytes[start..<(start + actions)].max() ?? 0
                let isOpen = slot == replay.cursor || ReplayFlags(rawValue: flags[slot]).contains(.final)
                if largest > (isOpen ? 0 : 1) {
                    complaint =
                        "\(largest) in slot \(slot); a mask consists of 0 and 1, and of 0 alone without an action"
                }
                slot += 1
            }
        }
        if let complaint { throw .broken(.masks, "\(name) contains \(complaint).") }
    }
}
