import DQNGraphics
import DQNModel
import Foundation
import Testing

/// Records episodes and checks the directory during the episode, at its end and after errors.
@Suite struct RecorderTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "dqn-recording-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
    }

    private func code(_ body: () throws -> Void) -> RecordingError.Code? {
        do { try body() } catch { return (error as? RecordingError)?.code }
        return nil
    }

    private func picture(_ step: Int, side: Int = 40) -> Picture {
        var canvas = PictureCanvas(width: side, height: side, PictureColor(0x336699))
        canvas.disc([Double(step % side), 20], radius: 5, PictureColor(0xFFCC00))
        return canvas.picture
    }

    @discardableResult
    private func record(_ recorder: EpisodeRecorder, steps: Int) throws -> EpisodeRecorder.Summary {
        try recorder.begin(with: picture(0))
        for step in 0..<steps {
            try recorder.addStep(
                actionValues: [Float(step), 1, -0.5], action: step % 3, reward: step == 7 ? 1 : 0,
                nextPicture: picture(step + 1))
        }
        try recorder.finish(ending: "terminated")
        return try #require(recorder.summary)
    }

    @Test func leftoversOfKilledRecordingsAreRemoved() throws {
        let folder = try Folder()
        let url = folder.url.appending(path: "a.gif")
        func recorder() throws -> EpisodeRecorder {
            try EpisodeRecorder(to: url, environment: "Test-v0", actions: ["left", "stay", "right"])
        }
        let others = ["a.gif.0123456x.tmp", "a.gif.tmp", "b.gif.01234567.tmp"]
        for name in others + ["a.gif.0123ABCD.tmp"] { try Data().write(to: folder.url.appending(path: name)) }
        let running = try recorder()
        let own = Set(folder.names).subtracting(others)
        #expect(own.count == 1 && own != ["a.gif.0123ABCD.tmp"], "\(folder.names)")
        // The file of a recorder that still runs stays.
        let second = try recorder()
        #expect(own.isSubset(of: folder.names))
        second.discard()
        try record(running, steps: 3)
        #expect(folder.names == (others + ["a.gif"]).sorted())
    }

    @Test("The file appears when it is complete", arguments: ["a.gif", "b.png", "c.GIF"])
    func atomic(name: String) throws {
        let folder = try Folder()
        let url = folder.url.appending(path: name)
        let recorder = try EpisodeRecorder(to: url, environment: "Test-v0", actions: ["left", "stay", "right"])
        #expect(folder.names.count == 1 && folder.names[0].hasPrefix("\(name).") && folder.names[0].hasSuffix(".tmp"))
        let summary = try record(recorder, steps: 12)
        #expect(folder.names == [name])
        recorder.discard()
        #expect(folder.names == [name])
        let data = try Data(contentsOf: url)
        if name.hasSuffix("png") {
            #expect(summary.frameCount == 1 && summary.duration == .zero)
            #expect(data.prefix(8).elementsEqual([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
        } else {
            #expect(summary.frameCount == 13 && abs(summary.duration / .seconds(1) - 2.8) < 1e-9)
            #expect(data.prefix(6).elementsEqual("GIF89a".utf8) && data.last == 0x3B)
            // Each frame has a graphic control extension. The delays add up to the duration of the video.
            let controls = data.indices.dropLast(7).filter { data[$0...].starts(with: [0x21, 0xF9, 4, 5]) }
            #expect(controls.count == 13)
            #expect(controls.reduce(0) { $0 + Int(data[$1 + 4]) + Int(data[$1 + 5]) << 8 } == 280)
        }
    }

    @Test("A GIF that is too fast reports its real duration and shows its end")
    func quick() throws {
        let folder = try Folder()
        let url = folder.url.appending(path: "quick.gif")
        let recorder = try EpisodeRecorder(
            to: url, environment: "Test-v0", actions: ["left", "stay", "right"], stepsPerSecond: 100)
        let summary = try record(recorder, steps: 150)
        #expect(abs(summary.duration / .seconds(1) - 5) < 1e-9)
        let data = try Data(contentsOf: url)
        let last = try #require(data.indices.dropLast(7).last { data[$0...].starts(with: [0x21, 0xF9, 4, 5]) })
        #expect(Int(data[last + 4]) + Int(data[last + 5]) << 8 == 200)
    }

    @Test("The first of two recordings with the same name keeps the file, and other files stay unchanged")
    func rivals() throws {
        let folder = try Folder()
        let url = folder.url.appending(path: "a.gif")
        let bystander = folder.url.appending(path: "a.gif.tmp")
        try Data("mine".utf8).write(to: bystander)
        let make = {
            try EpisodeRecorder(to: url, environment: "Test-v0", actions: ["left", "stay", "right"])
        }
        let (first, second) = (try make(), try make())
        try record(first, steps: 3)
        let written = try Data(contentsOf: url)
        #expect(throws: RecordingError.self) { try record(second, steps: 5) }
        second.discard()
        #expect(try Data(contentsOf: url) == written)
        #expect(try Data(contentsOf: bystander) == Data("mine".utf8))
        #expect(folder.names.sorted() == ["a.gif", "a.gif.tmp"])
    }

    @Test("An unfinished recording leaves no file")
    func discarded() throws {
        let folder = try Folder()
        do {
            let recorder = try EpisodeRecorder(
                to: folder.url.appending(path: "film.gif"), environment: "Test-v0", actions: ["one"])
            try recorder.begin(with: picture(0))
        }
        #expect(folder.names.isEmpty)
    }

    @Test("Errors appear before the episode")
    func refusals() throws {
        let folder = try Folder()
        func make(_ name: String) throws -> EpisodeRecorder {
            try EpisodeRecorder(to: folder.url.appending(path: name), environment: "Test-v0", actions: ["a", "b", "c"])
        }
        #expect(code { _ = try make("film.avi") } == .unknownFormat)
        #expect(code { _ = try make("film") } == .unknownFormat)
        #expect(code { _ = try make("nowhere/film.gif") } == .inputOutput)
        try Data().write(to: folder.url.appending(path: "there.png"))
        #expect(code { _ = try make("there.png") } == .exists)
        try FileManager.default.createSymbolicLink(
            atPath: folder.url.appending(path: "link.gif").path, withDestinationPath: "nothing")
        #expect(code { _ = try make("link.gif") } == .exists)
        #expect(code { try make("none.gif").begin(with: nil) } == .noPicture)
        #expect(folder.names == ["link.gif", "there.png"])
        // Another file takes the name in the meantime.
        let recorder = try make("late.png")
        try Data([7]).write(to: folder.url.appending(path: "late.png"))
        #expect(code { _ = try record(recorder, steps: 3) } == .exists)
        recorder.discard()
        #expect(try Data(contentsOf: folder.url.appending(path: "late.png")) == Data([7]))
        #expect(folder.names == ["late.png", "link.gif", "there.png"])
    }

    @Test("The size of a contact sheet is bounded for long episodes")
    func sheets() throws {
        let folder = try Folder()
        func sheet(_ steps: Int) throws -> EpisodeRecorder.Summary {
            let url = folder.url.appending(path: "\(steps).png")
            return try record(
                EpisodeRecorder(to: url, environment: "Test-v0", actions: ["left", "stay", "right"]), steps: steps)
        }
        func area(_ steps: Int) throws -> Int {
            let summary = try sheet(steps)
            return summary.width * summary.height
        }
        let full = try area(19)
        #expect(try area(1) < full / 2)
        for steps in [20, 75, 76, 77, 400, 3_000] { #expect(try (full / 2...full).contains(area(steps)), "\(steps)") }
    }

    @Test("Draws non-finite values, one action, many actions and pictures of other sizes")
    func odd() throws {
        let folder = try Folder()
        for (name, count) in [("one", 1), ("many", 300)] {
            for suffix in ["gif", "png"] {
                let recorder = try EpisodeRecorder(
                    to: folder.url.appending(path: "\(name).\(suffix)"),
                    environment: String(repeating: "Long", count: 90),
                    actions: (0..<count).map { "an action with a long name \($0)" })
                try recorder.begin(with: picture(0, side: 1_500))
                let odd: [Float] = [.nan, .infinity, -.infinity, 1e30, -1e-30]
                for (step, value) in odd.enumerated() {
                    try recorder.addStep(
                        actionValues: [Float](repeating: value, count: count), action: count - 1, reward: .infinity,
                        nextPicture: step == 2 ? nil : picture(step, side: 30 + step))
                }
                try recorder.finish(ending: "cut off")
            }
        }
        #expect(folder.names.count == 4)
    }
}
