import DQNSupport
import Foundation
import Testing

/// Tests of reading files of any size.
@Suite struct FileLinesTests {
    private func lines(_ contents: [UInt8]) throws -> [String?] {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("lines-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(contents).write(to: url)
        var lines: [String?] = []
        try FileLines.forEach(url.path) { lines.append($0.map { String(decoding: $0, as: UTF8.self) }) }
        return lines
    }

    @Test func readsFinishedLines() throws {
        #expect(try lines([]) == [])
        #expect(try lines(Array("a".utf8)) == [])
        #expect(try lines(Array("a\n\nbc\nd".utf8)) == ["a", "", "bc"])
    }

    @Test func readsLinesAcrossBlocks() throws {
        let long = String(repeating: "x", count: 100_000)
        #expect(try lines(Array("\(long)\ny\n\(long)z\n".utf8)) == [long, "y", long + "z"])
    }

    @Test func leavesOutLinesThatAreTooLong() throws {
        let most = String(repeating: "x", count: FileLines.lineLimit)
        #expect(try lines(Array("a\n\(most)\nb\n".utf8)) == ["a", most, "b"])
        #expect(try lines(Array("a\n\(most)y\nb\n".utf8)) == ["a", nil, "b"])
        #expect(try lines(Array("a\n\(most)\(most)\(most)".utf8)) == ["a"])
    }

    @Test func refusesWhatIsNoFileOfThatSize() throws {
        #expect(throws: SystemError(ENOENT)) { try FileLines.forEach("/nowhere/at/all") { _ in } }
        #expect(throws: SystemError(EINVAL)) { try FileLines.forEach("/dev/zero") { _ in } }
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("large-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data("abcd".utf8).write(to: url)
        #expect(try RegularFile.contents(ofEntry: url.path, limit: 4) == Data("abcd".utf8))
        #expect(throws: SystemError(EFBIG)) { try RegularFile.contents(ofEntry: url.path, limit: 3) }
        // A link in a stranger's directory may lead anywhere.
        let link = url.path + ".link"
        defer { try? FileManager.default.removeItem(atPath: link) }
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: url.path)
        #expect(throws: SystemError(ELOOP)) { try FileLines.forEach(link) { _ in } }
        #expect(throws: SystemError(ELOOP)) { try RegularFile.contents(ofEntry: link, limit: 4) }
        // Without its bytes on the disk.
        #expect(truncate(url.path, off_t(FileLines.byteLimit) + 1) == 0)
        #expect(throws: SystemError(EFBIG)) { try FileLines.forEach(url.path) { _ in } }
    }
}
