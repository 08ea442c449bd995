import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Tests damage anywhere in a file: a reader detects it and names the rule, or it does not matter. Damage never crashes
/// a reader and never changes what is read.
///
/// An ordinary run tries a sample of changes over the whole file; `DQN_DAMAGE=all` tries every byte.
struct DamageTests {
    private static let takesAll = ProcessInfo.processInfo.environment["DQN_DAMAGE"] == "all"

    private let folder: TemporaryFolder
    private let url: URL

    init() throws {
        folder = try TemporaryFolder()
        url = folder.file("damaged.h5")
    }

    /// The distance between changed bytes.
    private func step(_ ordinary: Int) -> Int { Self.takesAll ? 1 : ordinary }

    /// The results for damaged copies of a file.
    private struct Tally: CustomStringConvertible {
        var refusals: [Int: Int] = [:]
        var harmless = 0
        var wrong: [String] = []
        var description: String {
            let rules = refusals.sorted { $0.key < $1.key }.map { "R\($0.key) \($0.value)" }.joined(separator: ", ")
            return "refused \(refusals.values.reduce(0, +)) (\(rules)), harmless \(harmless), wrong \(wrong.count)"
        }
    }

    /// An intact file and its content.
    private struct Sound {
        let version: String
        let bytes: [UInt8]
        let content: [String: String]
        let policy: [Float]
    }

    private func sound(_ version: String) throws -> Sound {
        let checkpoint = try Samples.tiny()
        try checkpoint.write(to: folder.file("sound.h5"), version: version)
        return Sound(
            version: version, bytes: Array(try Data(contentsOf: folder.file("sound.h5"))),
            content: try everything(checkpoint), policy: checkpoint.online)
    }

    /// Reads a damaged copy in every way.
    ///
    /// - Parameter isSealed: Whether the copy has a new, valid seal, so that loading does not compare digests.
    private func judge(
        _ bytes: [UInt8], _ sound: Sound, _ what: @autoclosure () -> String, isSealed: Bool = false,
        _ tally: inout Tally
    ) throws {
        if bytes == sound.bytes { return }
        try Data(bytes).write(to: url)
        let policy = try? CheckpointPolicy(contentsOf: url)
        if let policy, !isSealed, policy.parameters.map(\.bitPattern) != sound.policy.map(\.bitPattern) {
            tally.wrong.append("\(what()): another policy")
        }
        if isSealed { _ = try? CheckpointSummary(contentsOf: url) }
        do throws(CheckpointError) {
            let read = try Checkpoint(contentsOf: url)
            // Without a seal, unused bytes may change, but not what is read.
            if !sound.version.hasPrefix("1."), !isSealed {
                tally.wrong.append("\(what()): not noticed")
            } else if (try? everything(read)) != sound.content {
                // The seal is valid for damaged content: only the digests of the datasets reveal it.
                if isSealed, let rule = Verifier.verify(url, deep: true).failure?.rule {
                    tally.refusals[rule, default: 0] += 1
                    return
                }
                tally.wrong.append("\(what()): other content")
            } else {
                tally.harmless += 1
            }
        } catch {
            guard let rule = error.rule, error.code == .malformed || error.code == .unsupportedVersion else {
                tally.wrong.append("\(what()): \(error.code.rawValue) \(error)")
                return
            }
            tally.refusals[rule, default: 0] += 1
        }
    }

    private func report(_ tally: Tally, _ title: String) {
        #expect(tally.wrong.isEmpty, "\(title): \(tally.wrong.prefix(5))")
        #expect(!tally.refusals.isEmpty)
        if Self.takesAll { print("\(title): \(tally)") }
    }

    @Test(arguments: FormatVersion.known)
    func detectsChangedBytes(_ version: String) throws {
        let sound = try sound(version)
        var tally = Tally()
        for position in stride(from: 0, to: sound.bytes.count, by: step(version.hasPrefix("2.") ? 31 : 97)) {
            let byte = sound.bytes[position]
            for value in Set([byte ^ 1 << UInt8(position % 8), 0, 255]).sorted() {
                var damaged = sound.bytes
                damaged[position] = value
                try judge(damaged, sound, "byte \(position) is \(value)", &tally)
            }
        }
        report(tally, "\(version), \(sound.bytes.count) bytes, each changed")
    }

    @Test(arguments: FormatVersion.known)
    func detectsTruncation(_ version: String) throws {
        let sound = try sound(version)
        var tally = Tally()
        for length in stride(from: 0, to: sound.bytes.count, by: step(version.hasPrefix("2.") ? 31 : 61)) {
            try judge(Array(sound.bytes[..<length]), sound, "cut to \(length)", &tally)
        }
        for more in [1, 511, 512, 4096] {
            try judge(sound.bytes + [UInt8](repeating: 0, count: more), sound, "\(more) zeros more", &tally)
            try judge(sound.bytes + sound.bytes.prefix(more), sound, "\(more) bytes again", &tally)
        }
        report(tally, "\(version), \(sound.bytes.count) bytes, cut to each length")
    }

    @Test(arguments: FormatVersion.known)
    func detectsMovedBlocks(_ version: String) throws {
        let sound = try sound(version)
        var generator = RandomGenerator(seed: 1, stream: "damage/\(version)")
        var tally = Tally()
        for number in 0..<(Self.takesAll ? 20_000 : 100) {
            let damaged = Self.moved(sound.bytes, &generator)
            try judge(damaged, sound, "move \(number)", &tally)
        }
        report(tally, "\(version), blocks moved")
    }

    /// After a valid seal only the other checks of the reader remain.
    @Test func detectsDamageAfterAValidSeal() throws {
        let sound = try sound("2.0")
        var generator = RandomGenerator(seed: 1, stream: "damage/sealed")
        var tally = Tally()
        for position in stride(from: 512, to: sound.bytes.count, by: step(67)) {
            for value in Set([sound.bytes[position] ^ 1 << UInt8(position % 8), 0, 255]).sorted() {
                var damaged = sound.bytes
                damaged[position] = value
                try judge(FileReading.sealed(damaged), sound, "byte \(position) is \(value)", isSealed: true, &tally)
            }
        }
        for length in stride(from: 512, to: sound.bytes.count, by: step(67)) {
            let damaged = try FileReading.sealed(Array(sound.bytes[..<length]))
            try judge(damaged, sound, "cut to \(length)", isSealed: true, &tally)
        }
        for number in 0..<(Self.takesAll ? 20_000 : 100) {
            let damaged = try FileReading.sealed(Self.moved(sound.bytes, &generator))
            try judge(damaged, sound, "move \(number)", isSealed: true, &tally)
        }
        report(tally, "2.0 with a new seal, \(sound.bytes.count) bytes")
    }

    /// Swaps, repeats or clears a block of up to 4,096 bytes, or of the size of a sector or cache line.
    private static func moved(_ bytes: [UInt8], _ generator: inout RandomGenerator) -> [UInt8] {
        let sizes = [8, 64, 512, 1 + generator.integer(below: 4096)]
        let size = min(sizes[generator.integer(below: sizes.count)], bytes.count / 2)
        let places = bytes.count / size
        let isAligned = generator.integer(below: 2) == 0
        func place() -> Int {
            isAligned ? size * generator.integer(below: places) : generator.integer(below: bytes.count - size + 1)
        }
        let (first, second) = (place(), place())
        var moved = bytes
        let kind = generator.integer(below: 4)
        let copied = Array(bytes[second..<(second + size)])
        switch kind {
        case 0:
            moved.replaceSubrange(second..<(second + size), with: bytes[first..<(first + size)])
            moved.replaceSubrange(first..<(first + size), with: copied)
        case 1: moved.replaceSubrange(first..<(first + size), with: copied)
        case 2: moved.replaceSubrange(first..<(first + size), with: [UInt8](repeating: 0, count: size))
        default: moved.insert(contentsOf: copied, at: first)
        }
        return moved
    }
}
