#if os(Linux)
    import Foundation
    import PluginBuilding
    import Testing

    /// A newest checkpoint that crashes every program that reads it, as bugs in libhdf5 have made possible: the next
    /// resume uses the one before.
    @Suite struct CrashingFileTests {
        private let directory: TemporaryDirectory
        private let library: URL
        private let newest: String
        private let settings: [String: String]

        init() throws {
            directory = try TemporaryDirectory()
            library = try CompiledPlugin.crashingHDF5()
            let trained = try Program.run(
                "dqn-train",
                [
                    "--env", "CartPole-v1", "--steps", "310", "--save-every", "150", "--schedule-steps", "900", "-q",
                    "--out", directory("run"),
                ]
                    + tiny)
            try #require(trained.status == 0, "\(trained.errors)")
            newest = directory("run/checkpoints/step-000000000310.h5")
            settings = [
                "LD_PRELOAD": library.path, "CRASH_READING": "step-000000000310", "SWIFT_BACKTRACE": "enable=no",
            ]
        }

        private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: name) }

        private func run(
            _ name: String, _ arguments: [String], _ more: [String: String] = [:]
        ) throws -> (status: Int32, isSignal: Bool, errors: String) {
            let process = try Program.start(name, arguments, environment: settings.merging(more) { $1 })
            let errors = directory("errors-\(UUID().uuidString)")
            _ = FileManager.default.createFile(atPath: errors, contents: nil)
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
            process.standardOutput = FileHandle.nullDevice
            process.standardInput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            return (
                process.terminationStatus, process.terminationReason == .uncaughtSignal,
                try String(contentsOfFile: errors, encoding: .utf8)
            )
        }

        @Test(arguments: [[:], ["CRASH_ABORTS": "1"]])
        func resumeGoesOnFromTheOneBefore(_ how: [String: String]) throws {
            let resume = ["--resume", directory("run"), "--steps", "320"]
            let crashed = try run("dqn-train", resume, how)
            #expect(crashed.isSignal, "\(crashed)")
            #expect(exists(newest + ".crashed"))
            let resumed = try run("dqn-train", resume, how)
            #expect(!resumed.isSignal && resumed.status == 0, "\(resumed)")
            #expect(resumed.errors.contains("step-000000000310.h5.damaged"), "\(resumed.errors)")
            #expect(resumed.errors.contains("crashed the program that read it before"), "\(resumed.errors)")
            // Nothing is lost, and nothing is left over.
            #expect(exists(newest + ".damaged") && !exists(newest + ".crashed"))
            #expect(exists(directory("run/checkpoints/step-000000000320.h5")))
        }

        @Test func otherProgramsUseTheOneBeforeToo() throws {
            let play = [directory("run"), "--episodes", "1", "--max-steps", "3", "--quiet"]
            #expect(try run("dqn-play", play).isSignal)
            let played = try run("dqn-play", play)
            #expect(!played.isSignal && played.status == 0, "\(played)")
            #expect(played.errors.contains("delete '\(newest).crashed'"), "\(played.errors)")
            // As the message says; and a file that has replaced the one that crashed needs nothing.
            #expect(exists(newest))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: newest)
            let replaced = try run("dqn-play", play, ["CRASH_READING": "none"])
            #expect(!replaced.isSignal && replaced.status == 0 && replaced.errors.isEmpty, "\(replaced)")
            #expect(!exists(newest + ".crashed"))
        }

        /// A kill, as by a scheduler or for a lack of memory, says nothing about the file.
        @Test(arguments: [SIGKILL, SIGSEGV])
        func signalsOfOthersLeaveNoMark(_ number: Int32) throws {
            let process = try Program.start(
                "dqn-train", ["--resume", directory("run"), "--steps", "320", "-q"],
                environment: ["SWIFT_BACKTRACE": "enable=no"])
            process.standardError = FileHandle.nullDevice
            try process.run()
            kill(process.processIdentifier, number)
            process.waitUntilExit()
            #expect(!exists(newest + ".crashed"))
            #expect(
                try run("dqn-train", ["--resume", directory("run"), "--steps", "320", "-q"], ["CRASH_READING": "none"])
                    .status == 0)
            #expect(exists(newest))
        }
    }
#endif
