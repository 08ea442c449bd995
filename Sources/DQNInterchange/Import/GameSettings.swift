package import DQNModel

/// The settings of the environment that an imported policy plays.
package enum GameSettings {
    /// Games whose action 1 is not FIRE, or that have fewer than three actions.
    private static let withoutFire: Set<String> = [
        "Asterix", "Backgammon", "CrazyClimber", "Freeway", "Frogger", "JourneyEscape", "Koolaid", "KungFuMaster",
        "LostLuggage", "MsPacman", "Pacman", "Skiing", "Surround", "Tutankham", "VideoCheckers",
    ]

    /// Returns the environment, and for an Atari game with a network of 84×84 pixels the preparation of its screens as in
    /// Mnih 2015, which Stable-Baselines3 and CleanRL share, unless the id says how screens are read.
    package static func settings(_ environment: String, _ input: ObservationSpace) -> [String: JSONValue] {
        var id = environment
        let name = id.hasPrefix("gym:") ? String(id.dropFirst(4)) : id
        let isOlder = name.hasSuffix("NoFrameskip-v4")
        guard name.hasPrefix("ALE/") || isOlder else { return ["environment": .string(id)] }
        id = "gym:\(name)"
        guard !name.contains("?"), input.element == .uint8, input.shape.count == 3, input.shape.dropFirst() == [84, 84]
        else { return ["environment": .string(id)] }
        // The older ids repeat no actions.
        id += isOlder ? "?obs_type=grayscale" : "?frameskip=1,obs_type=grayscale"
        let game = name.split(separator: "/").last?.split(separator: "-").first ?? ""
        let title = isOlder ? String(game.dropLast("NoFrameskip".count)) : String(game)
        let wrappers =
            ["no-op-start:30", "action-repeat:4,max", "atari-pixels:84", "time-limit:27000", "episodic-life"]
            + (withoutFire.contains(title) ? [] : ["fire-on-reset"]) + ["reward-clip"]
        return ["environment": .string(id), "wrappers": .array(wrappers.map { .string($0) })]
    }
}
