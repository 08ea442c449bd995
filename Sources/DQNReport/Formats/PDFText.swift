internal import Foundation

/// Text in Helvetica, which every PDF viewer has, in the encoding WinAnsiEncoding.
package enum PDFText {
    /// Characters beyond Latin-1, and the minus sign as a dash, by their codes.
    private static let codes: [Unicode.Scalar: UInt8] = [
        "\u{2212}": 0x96, "–": 0x96, "—": 0x97, "…": 0x85, "‘": 0x91, "’": 0x92, "“": 0x93, "”": 0x94, "•": 0x95,
        "€": 0x80, "™": 0x99,
    ]

    /// The widths of the characters from a space to a tilde, in thousandths of the font size (Adobe's metrics).
    private static let widths: [Double] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
        556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
        1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
        667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
        333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
        556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ]

    /// Returns the byte of a character; `nil` if the encoding lacks it.
    private static func code(_ scalar: Unicode.Scalar) -> UInt8? {
        if let code = codes[scalar] { return code }
        let isLatin = (0x20..<0x7F).contains(scalar.value) || (0xA1...0xFF).contains(scalar.value)
        return isLatin ? UInt8(scalar.value) : nil
    }

    /// Returns a text in the characters of the encoding. Others become those of ``PlotLetters``.
    package static func drawable(_ text: String) -> String {
        text.precomposedStringWithCanonicalMapping.unicodeScalars.map { scalar in
            code(scalar) == nil ? PlotLetters.drawable(String(scalar)) : String(scalar)
        }.joined()
    }

    /// Returns the bytes of a text.
    static func encoded(_ text: String) -> [UInt8] { drawable(text).unicodeScalars.compactMap(code) }

    /// Returns a text of the document's information as a string: there the codes beyond ASCII mean other characters, so
    /// such a text is in UTF-16.
    package static func information(_ text: String) -> String {
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return literal(Array(text.utf8)) }
        let digits = ([0xFEFF] + Array(text.utf16)).map { unit in
            let digits = String(unit, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "<\(digits.joined())>"
    }

    /// The width of encoded text, relative to the font size.
    static func width(_ bytes: [UInt8]) -> Double {
        bytes.reduce(0) { sum, byte in
            let width =
                switch byte {
                case 0x20..<0x7F: widths[Int(byte) - 0x20]
                case 0x85, 0x97, 0x99: 1_000.0
                case 0x91, 0x92: 222.0
                case 0x93, 0x94: 333.0
                case 0x95: 350.0
                default: 556.0
                }
            return sum + width / 1_000
        }
    }

    /// Returns encoded text as a string of a document.
    static func literal(_ bytes: [UInt8]) -> String {
        var text = "("
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"):
                text += "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7F: text += String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 8)
                text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
            }
        }
        return text + ")"
    }
}
