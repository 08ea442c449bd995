/// Writes commands for the shell of another host.
///
/// ssh joins the words of a command with spaces, and the login shell of the other host splits them again. A word in
/// single quotes means the same in all usual shells (sh, bash, zsh, csh, fish).
package enum ShellCommand {
    /// Returns a text that a shell reads as exactly these words.
    package static func text(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// A word that no shell changes.
    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: ","):
                true
            default: false
            }
        }
        if word.isEmpty { return "''" }
        if plain { return word }
        // These stand outside the quotes, each with a backslash: a quote would end them, and fish and csh treat the
        // others specially within them.
        let special: Set<Character> = ["'", "\\", "!"]
        var (text, part) = ("", "")
        for character in word {
            guard special.contains(character) else {
                part.append(character)
                continue
            }
            if !part.isEmpty { text += "'\(part)'" }
            part = ""
            text += "\\\(character)"
        }
        return part.isEmpty ? text : text + "'\(part)'"
    }
}
