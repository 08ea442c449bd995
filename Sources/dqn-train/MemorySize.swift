import ArgumentParser

/// An amount of memory on the command line: `2G`, `512M`, `1.5GB`, `800000`. Units are decimal.
struct MemorySize: ExpressibleByArgument {
    private static let units: [(suffix: String, factor: Double)] = [
        ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("G", 1e9), ("M", 1e6), ("K", 1e3), ("B", 1), ("", 1),
    ]

    let bytes: Int

    /// Parses an amount; `nil` for anything else, and for less than a byte.
    init?(argument: String) {
        let upper = argument.uppercased()
        guard let (suffix, factor) = Self.units.first(where: { upper.hasSuffix($0.suffix) }),
            let number = Double(upper.dropLast(suffix.count)), number * factor >= 1, number * factor < 1e18
        else { return nil }
        bytes = Int(number * factor)
    }
}
