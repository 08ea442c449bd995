/// Something that an environment's id makes this machine run, or read, apart from this program and the packages of
/// Gymnasium, Atari and MinAtar.
package enum BroughtCode: Sendable, Equatable {
    /// The library of a plug-in, by its path in the id.
    case library(String)
    /// A Python module that registers the environment.
    case module(String)
    /// An environment that another Python package may have registered.
    case environment(String)
    /// A wrapper of a Python module.
    case wrapper(module: String, name: String)
    /// A wrapper of Gymnasium that does more than change what it wraps.
    case unlistedWrapper(String)
    /// An option that may name a file or a module.
    case option(key: String, value: String)

    /// The Python module to import; `nil` if none is named.
    var module: String? {
        switch self {
        case .module(let name): name
        case .wrapper(let module, _): module
        case .library, .environment, .unlistedWrapper, .option: nil
        }
    }
}

extension EnvironmentID {
    /// What the environment brings besides this program and Gymnasium's own packages; empty if it brings nothing.
    ///
    /// This is the only place that decides it. Everything that is not on a list brings code: an id, option or wrapper
    /// that nobody has thought of must not pass.
    package var broughtCode: [BroughtCode] {
        switch kind {
        // The program itself has registered it.
        case .registered: []
        case .plugIn(let path): [.library(path)]
        case .gymnasium: GymnasiumParts.foreign(in: self)
        }
    }
}

/// Judges the parts of a Gymnasium id.
private enum GymnasiumParts {
    static func foreign(in id: EnvironmentID) -> [BroughtCode] {
        var found: [BroughtCode] = []
        let known = isPlain(id.name) ? KnownGymnasium.options[id.name] : nil
        if known == nil {
            let colon = id.name.utf8.firstIndex(of: UInt8(ascii: ":"))
            found.append(colon.map { .module(String(id.name[..<$0])) } ?? .environment(id.name))
        }
        for (key, value) in id.arguments.pairs {
            if key == "wrapper", isPlain(key) {
                if let wrapper = foreignWrapper(value) { found.append(wrapper) }
            } else if !isPlain(key) || !(KnownGymnasium.commonOptions.contains(key) || known?.contains(key) == true) {
                found.append(.option(key: key, value: value))
            }
        }
        return found
    }

    /// The wrapper of an option's value, unless it is a listed one of Gymnasium's own.
    private static func foreignWrapper(_ value: String) -> BroughtCode? {
        let name = String(decoding: value.utf8.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
        let own = "gymnasium.wrappers."
        let short = name.utf8.starts(with: own.utf8) ? String(name.dropFirst(own.count)) : name
        if isPlain(name), KnownGymnasium.wrappers.contains(short) { return nil }
        guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return .unlistedWrapper(name) }
        return .wrapper(module: String(name[..<dot]), name: name)
    }

    /// Whether a text is ASCII. Swift's comparison takes some different characters for the same, such as the sign for
    /// kelvin and the letter K; Python does not.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }
}
