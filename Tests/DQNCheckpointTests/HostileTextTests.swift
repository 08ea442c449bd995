import DQNCheckpoint
import DQNModel
import Forging
import Foundation
import HDF5
import Testing

/// Every text of a file, one after another, is replaced by one that a terminal obeys. No error repeats it as it is.
@Suite struct HostileTextTests {
    private static let hostile = "\u{1B}[2J\r\nok\u{9B}31m\u{7F}\u{202E}\u{2066}\u{2028}\u{200B}\u{E0041}\u{FFFE}"

    private let folder: TemporaryFolder
    private let url: URL

    init() throws {
        folder = try TemporaryFolder()
        url = folder.file("hostile.h5")
    }

    private static func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    /// Returns copies of a value, in each of which one text or key is hostile.
    private static func variants(_ value: Any) -> [Any] {
        switch value {
        case is String: [hostile]
        case let list as [Any]:
            list.indices.flatMap { index in
                variants(list[index]).map { changed in
                    var copy = list
                    copy[index] = changed
                    return copy as Any
                }
            }
        case let members as [String: Any]:
            members.flatMap { key, member in
                var renamed = members
                renamed[key] = nil
                renamed[hostile] = member
                return [renamed as Any]
                    + variants(member).map { changed in
                        var copy = members
                        copy[key] = changed
                        return copy as Any
                    }
            }
        default: []
        }
    }

    /// Reads a file in every way, and checks the descriptions of all errors.
    ///
    /// - Returns: whether the file is refused.
    private func isRefused(_ file: ForgedFile, _ what: String) throws -> Bool {
        try file.write(to: url)
        let failures = Verifier.verify(url).failures
        var errors = failures
        do throws(CheckpointError) { _ = try Checkpoint(contentsOf: url) } catch { errors.append(error) }
        do throws(CheckpointError) { _ = try CheckpointSummary(contentsOf: url) } catch { errors.append(error) }
        do throws(CheckpointError) { _ = try CheckpointPolicy(contentsOf: url) } catch { errors.append(error) }
        for error in errors {
            #expect(Self.isPrintable("\(error)") && "\(error)".count < 3_000, "\(what): \(error)")
        }
        return !failures.isEmpty
    }

    @Test func textsOfDocuments() throws {
        var checkpoint = try Samples.whole()
        checkpoint.stripped = ["replay"]
        checkpoint.workers[0].learner = StateSnapshot(kind: "dqn", version: 1, values: [:])
        try checkpoint.write(to: url)
        let sound = try ForgedFile(reading: url)
        var (refused, tried) = (0, 0)
        for path in sound.datasets.keys.sorted() {
            guard let document = try? JSONSerialization.jsonObject(with: Data(sound.text(path).utf8)) as? [String: Any]
            else { continue }
            for variant in Self.variants(document) {
                var file = sound
                let bytes = try JSONSerialization.data(withJSONObject: variant, options: .sortedKeys)
                file.set(path, text: String(decoding: bytes, as: UTF8.self))
                tried += 1
                if try isRefused(file, "\(path): \(variant)") { refused += 1 }
            }
        }
        #expect(tried > 90 && refused > 60, "\(refused) of \(tried)")
    }

    @Test func attributesAndNames() throws {
        try Samples.whole().write(to: url)
        let sound = try ForgedFile(reading: url)
        for name in sound.attributes.keys {
            var file = sound
            file.attributes[name] = .string(Self.hostile)
            _ = try isRefused(file, name)
            file = sound
            file.otherAttributes[Self.hostile] = .string(Self.hostile)
            #expect(try isRefused(file, name))
        }
        // A name cannot contain a zero byte or a slash.
        for path in sound.datasets.keys.sorted() {
            var parts = path.split(separator: "/").map(String.init)
            for index in parts.indices {
                let part = parts[index]
                parts[index] = Self.hostile
                var file = sound
                file.datasets[parts.joined(separator: "/")] = file.datasets.removeValue(forKey: path)
                #expect(try isRefused(file, path))
                parts[index] = part
            }
        }
    }

    @Test func aMessageIsRawAndItsDescriptionIsNot() {
        let long = String(repeating: "x", count: 100_000)
        let error = CheckpointError(code: .malformed, message: "'\(Self.hostile)' is wrong \(long); mend it.", rule: 10)
        #expect(error.message.contains(Self.hostile) && error.message.contains(long))
        #expect(error.description.hasPrefix("[R10] '\\u{1B}[2J\\r\\nok\\u{9B}31m"))
        #expect(error.description.hasSuffix("; mend it.") && error.description.count < 2_100)
        #expect(error.description.contains("characters omitted) …"))
    }
}
