internal import DQNModel
internal import DQNSupport

/// One wrapper of a list, with its settings.
enum WrapperSetting: Sendable, Equatable {
    case noOpStart(most: Int)
    case actionRepeat(count: Int, takesMaximum: Bool)
    case atariPixels(side: Int)
    case observationScale(factor: Float, offset: Float)
    case timeLimit(steps: Int)
    case episodicLife
    case fireOnReset
    case rewardClip
    case rewardScale(factor: Double)
    case rewardNormalize(discount: Double)

    /// The syntax of each wrapper.
    private static let usages = [
        "no-op-start": "no-op-start:N with N from 1 to 1000",
        "action-repeat": "action-repeat:N or action-repeat:N,max with N from 1 to 1000",
        "atari-pixels": "atari-pixels:84 or atari-pixels:42",
        "observation-scale": "observation-scale:FACTOR or observation-scale:FACTOR,OFFSET, the factor not 0",
        "time-limit": "time-limit:N with N from 1 to 2147483647",
        "episodic-life": "episodic-life",
        "fire-on-reset": "fire-on-reset",
        "reward-clip": "reward-clip",
        "reward-scale": "reward-scale:FACTOR, the factor not 0",
        "reward-normalize": "reward-normalize or reward-normalize:GAMMA with GAMMA from 0 to 1",
    ]

    /// The maximum number of wrappers. Each one is inside the next, and a step passes through all of them.
    private static let limit = 64

    /// Parses texts.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`).
    static func list(_ texts: [String]) throws(EnvironmentError) -> [WrapperSetting] {
        guard texts.count <= limit else {
            throw EnvironmentError(
                code: .invalidWrapper, message: "There are \(texts.count) wrappers; at most \(limit) are allowed.")
        }
        var settings: [WrapperSetting] = []
        for text in texts { settings.append(try WrapperSetting(text)) }
        return settings
    }

    /// Parses a text.
    ///
    /// - Throws: ``EnvironmentError`` (`invalidWrapper`).
    init(_ text: String) throws(EnvironmentError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        guard let usage = Self.usages[name] else {
            throw EnvironmentError(
                code: .invalidWrapper,
                message: "Unknown wrapper '\(name)'; "
                    + NearestName.remedy(for: name, among: Array(Self.usages.keys)))
        }
        let arguments =
            parts.count < 2 ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard let setting = Self.read(name, arguments) else {
            throw EnvironmentError(code: .invalidWrapper, message: "Invalid wrapper '\(text)'; write \(usage).")
        }
        self = setting
    }

    private static func read(_ name: String, _ arguments: [String]) -> WrapperSetting? {
        func number(_ range: ClosedRange<Int>) -> Int? {
            arguments.count == 1 ? Int(arguments[0]).flatMap { range.contains($0) ? $0 : nil } : nil
        }
        switch name {
        case "no-op-start": return number(1...1000).map { .noOpStart(most: $0) }
        case "action-repeat":
            guard let first = arguments.first, let count = Int(first), (1...1000).contains(count),
                arguments.count == 1 || arguments.dropFirst() == ["max"]
            else { return nil }
            return .actionRepeat(count: count, takesMaximum: arguments.count == 2)
        case "atari-pixels": return number(42...84).flatMap { [42, 84].contains($0) ? .atariPixels(side: $0) : nil }
        case "observation-scale":
            let numbers = arguments.compactMap { Float($0) }.filter(\.isFinite)
            guard numbers.count == arguments.count, (1...2).contains(numbers.count), numbers[0] != 0 else { return nil }
            return .observationScale(factor: numbers[0], offset: numbers.count == 2 ? numbers[1] : 0)
        case "time-limit": return number(1...Int(Int32.max)).map { .timeLimit(steps: $0) }
        case "episodic-life": return arguments.isEmpty ? .episodicLife : nil
        case "fire-on-reset": return arguments.isEmpty ? .fireOnReset : nil
        case "reward-scale":
            guard arguments.count == 1, let factor = Double(arguments[0]), factor.isFinite, factor != 0 else {
                return nil
            }
            return .rewardScale(factor: factor)
        case "reward-normalize":
            if arguments.isEmpty { return .rewardNormalize(discount: RewardNormalize.standardDiscount) }
            guard arguments.count == 1, let discount = Double(arguments[0]), (0...1).contains(discount) else {
                return nil
            }
            return .rewardNormalize(discount: discount)
        default: return arguments.isEmpty ? .rewardClip : nil
        }
    }

    /// The wrapper as a list writes it.
    var text: String {
        switch self {
        case .noOpStart(let most): "no-op-start:\(most)"
        case .actionRepeat(let count, let takesMaximum): "action-repeat:\(count)\(takesMaximum ? ",max" : "")"
        case .atariPixels(let side): "atari-pixels:\(side)"
        case .observationScale(let factor, let offset):
            "observation-scale:\(factor)\(offset == 0 ? "" : ",\(offset)")"
        case .timeLimit(let steps): "time-limit:\(steps)"
        case .episodicLife: "episodic-life"
        case .fireOnReset: "fire-on-reset"
        case .rewardClip: "reward-clip"
        case .rewardScale(let factor): "reward-scale:\(factor)"
        case .rewardNormalize(let discount):
            "reward-normalize\(discount == RewardNormalize.standardDiscount ? "" : ":\(discount)")"
        }
    }

    /// Whether evaluations and games omit it.
    var isForTrainingOnly: Bool {
        switch self {
        case .episodicLife, .rewardClip, .rewardScale, .rewardNormalize: true
        case .noOpStart, .actionRepeat, .atariPixels, .observationScale, .timeLimit, .fireOnReset: false
        }
    }

    /// Returns the environment inside the wrapper.
    func wrap(_ environment: any Environment) throws(EnvironmentError) -> any Environment {
        switch self {
        case .noOpStart(let most): try NoOpStart(environment, most: most)
        case .actionRepeat(let count, let takesMaximum):
            try ActionRepeat(environment, count: count, takesMaximum: takesMaximum)
        case .atariPixels(let side): try AtariPixels(environment, side: side)
        case .observationScale(let factor, let offset):
            try ObservationScale(environment, factor: factor, offset: offset)
        case .timeLimit(let steps): TimeLimit(environment, steps: steps)
        case .episodicLife: EpisodicLife(environment)
        case .fireOnReset: try FireOnReset(environment)
        case .rewardScale(let factor): RewardScale(environment, factor: factor)
        case .rewardNormalize(let discount): RewardNormalize(environment, discount: discount)
        case .rewardClip: RewardClip(environment)
        }
    }
}

extension EnvironmentError {
    /// Returns the error of a wrapper that does not fit an environment.
    static func unfit(_ wrapper: String, _ environment: any Environment, _ reason: String) -> EnvironmentError {
        EnvironmentError(
            code: .invalidWrapper,
            message: "The wrapper '\(wrapper)' does not fit '\(environment.specification.id)': \(reason).")
    }
}
