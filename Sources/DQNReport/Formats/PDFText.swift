/// Text in Helvetica, which every PDF viewer has, in the encoding WinAnsiEncoding.
enum PDFText {
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

    /// Returns the bytes of a text. Characters that the encoding lacks appear as their escapes.
    static func encoded(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar -> [UInt8] in
            if let code = codes[scalar] { return [code] }
            let isLatin = (0x20..<0x7F).contains(scalar.value) || (0xA1...0xFF).contains(scalar.value)
            return isLatin ? [UInt8(scalar.value)] : Array(PlotLetters.escape(scalar).utf8)
        }
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
