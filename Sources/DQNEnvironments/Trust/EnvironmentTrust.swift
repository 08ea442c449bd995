/// Which environments may bring code: libraries of plug-ins, Python modules and packages other than Gymnasium's own.
///
/// An environment's id often comes from a file, such as a checkpoint, and a file may be somebody else's. Therefore,
/// unless told otherwise, this library creates only environments that bring none: the built-in ones, those that the
/// program has registered, and those of Gymnasium, Atari and MinAtar.
///
/// ```swift
/// let agent = try Agent(contentsOf: file)
/// // Throws if the checkpoint's environment is a plug-in or a Python module.
/// let environment = try EnvironmentRegistry.make(agent.environment, wrappers: agent.wrappers)
/// // An id of your own may be anything.
/// let own = try EnvironmentRegistry.make("plugin:./grid-world.so", trust: .any)
/// ```
public struct EnvironmentTrust: Sendable, Equatable {
    /// Only environments that bring no code.
    public static let withoutCode = EnvironmentTrust(word: .none)
    /// Every environment: for ids that the program or its user has chosen.
    public static let any = EnvironmentTrust(word: .given)

    /// The user's word for the environments of this process.
    package enum Word: Int, Sendable, Comparable {
        /// There is none: the environment must be one that the user has named before.
        case none
        /// The user trusts whatever environment it is.
        case given
        /// The user has named the environment itself.
        case named

        package static func < (first: Word, second: Word) -> Bool { first.rawValue < second.rawValue }
    }

    /// The user's word.
    package var word: Word
    /// What the user has named before; `nil` remembers nothing.
    package var memory: EnvironmentMemory?
    /// Keys of options that the user has set now, which may therefore differ from those that the user has named before.
    package var chosenOptions: Set<String> = []
    /// How to allow an environment, as the end of a sentence.
    package var remedy = "pass trust: .any if its id does not come from a file that you do not trust"

    /// Creates a decision.
    package init(word: Word, memory: EnvironmentMemory? = nil) {
        self.word = word
        self.memory = memory
    }
}

extension GymnasiumSettings {
    /// The same settings with a decision, unless they hold one that allows more.
    package func trusting(_ trust: EnvironmentTrust) -> GymnasiumSettings {
        guard trust.word > self.trust.word else { return self }
        var settings = self
        settings.trust = trust
        return settings
    }
}
