internal import Foundation

/// An amount of memory as people write it on a command line: `512M`, `1.5G`, or bytes.
///
/// `K`, `M` and `G` count in powers of 1024, as the shell's `ulimit` and `dd` do; `KiB`, `MiB` and `GiB` are the same,
/// and `KB`, `MB` and `GB` count in powers of 1000. Case does not matter.
package struct ByteCount: Sendable, Equatable, CustomStringConvertible {
    /// Bytes, at least 1.
    package let bytes: Int

    private static let factors: [(suffix: String, factor: Double)] = [
        ("KIB", 0x1p10), ("MIB", 0x1p20), ("GIB", 0x1p30), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
        ("K", 0x1p10), ("M", 0x1p20), ("G", 0x1p30), ("B", 1), ("", 1),
    ]

    package init(bytes: Int) { self.bytes = bytes }

    /// Reads a decimal number with one of the suffixes, or without; `nil` for anything else, for less than a byte, and
    /// for 2⁶⁰ bytes or more.
    package init?(_ text: String) {
        let upper = text.uppercased()
        guard let (suffix, factor) = Self.factors.first(where: { upper.hasSuffix($0.suffix) }) else { return nil }
        let digits = upper.dropLast(suffix.count)
        // `Double` also reads exponents, hexadecimal numbers and infinities.
        guard digits.first?.isNumber == true, digits.utf8.allSatisfy({ (48...57).contains($0) || $0 == 46 }),
            let number = Double(digits), number * factor >= 1, number * factor < 0x1p60
        else { return nil }
        bytes = Int(number * factor)
    }

    /// In powers of 1024, as in `1.50 GiB`, `12.0 MiB` or `0.5 KiB`.
    package var description: String {
        let value = Double(max(bytes, 0))
        if value >= 0x1p30 { return String(format: "%.2f GiB", value / 0x1p30) }
        return value >= 0x1p20 ? String(format: "%.1f MiB", value / 0x1p20) : String(format: "%.1f KiB", value / 0x1p10)
    }
}
