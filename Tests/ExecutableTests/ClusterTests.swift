import DQNCheckpoint
import Foundation
import PluginBuilding
import Testing

/// Runs the scripts in `docs/clusters.md` as far as the machine can, with shorter times, and checks the rest.
@Suite struct ClusterTests {
    /// A directory in which the scripts find the programs, and the queue's commands as far as they use them.
    private final class Place {
        let directory: TemporaryDirectory
        private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/clusters.md")

        /// - Parameter options: further options of the new run.
        init(_ options: String = "--save-every 5000") throws {
            directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: directory("bin"), withIntermediateDirectories: true)
            // A tiny network, and no end of its own, for the new run that the page's script starts.
            let more = (["--steps", "100000000"] + tiny + [options]).joined(separator: " ")
            try write(
                "bin/dqn-train",
                """
                #!/bin/sh
                case " $* " in
                *" --resume "*) exec '\(Program.executable("dqn-train").path)' "$@" ;;
                *) exec '\(Program.executable("dqn-train").path)' "$@" \(more) ;;
                esac
                """)
            try write("bin/srun", "#!/bin/sh\nexec \"$@\"")
            try write("bin/scontrol", "#!/bin/sh\necho \"$@\" >>'\(directory("scontrol"))'")
            try write("train.sh", Self.snippet("train.sh"))
        }

        /// Writes an executable file.
        func write(_ name: String, _ text: String) throws {
            try text.write(toFile: directory(name), atomically: true, encoding: .utf8)
            chmod(directory(name), 0o755)
        }

        /// Returns the block after `<!-- snippet: NAME -->`.
        static func snippet(_ name: String) throws -> String {
            let text = try String(contentsOf: page, encoding: .utf8)
            let after = try #require(text.range(of: "<!-- snippet: \(name) -->\n```"), "\(name)")
            let lines = text[after.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
            return lines.prefix { $0 != "```" }.joined(separator: "\n") + "\n"
        }

        /// Starts a script with the programs in its path.
        func start(_ script: String, replacing replacements: [String: String] = [:]) throws -> Process {
            var text = script
            for (old, new) in replacements {
                #expect(text.contains(old), "\(old)")
                text = text.replacingOccurrences(of: old, with: new)
            }
            try write("script", text)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = [directory("script")]
            process.currentDirectoryURL = directory.url
            process.environment = ProcessInfo.processInfo.environment.merging([
                "PATH": "\(directory("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
                "SLURM_JOB_ID": "4711",
            ]) { $1 }
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            // The threads of tests block signals, and a shell would inherit that.
            var (none, previous) = (sigset_t(), sigset_t())
            sigemptyset(&none)
            pthread_sigmask(SIG_SETMASK, &none, &previous)
            defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
            try process.run()
            return process
        }

        func run(_ script: String, replacing replacements: [String: String] = [:]) throws -> Int32 {
            let process = try start(script, replacing: replacements)
            process.waitUntilExit()
            return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        }

        var steps: Int { get throws { try directory.newest("runs/cartpole").counters.agentSteps } }

        func hasSaved() -> Bool { directory.savedSteps("runs/cartpole").contains { $0 > 0 } }
    }

    private func wait(until isSo: () -> Bool) -> Bool {
        let deadline = Date().addingTimeInterval(60)
        while !isSo() {
            if Date() > deadline { return false }
            usleep(10_000)
        }
        return true
    }

    /// A machine on which nobody has named the plug-in.
    @Test func anUnattendedResumeGivesTheWordForItsEnvironment() throws {
        let place = try Place()
        let script = try Place.snippet("train-own.sh")
        try FileManager.default.copyItem(
            atPath: CompiledPlugin.gridWorld().path, toPath: place.directory("grid-world.so"))
        try place.write("train-own.sh", script)
        try place.write("silent.sh", script.replacingOccurrences(of: " --trust-environment", with: ""))
        func run(_ name: String, machine: Int) throws -> Int32 {
            try place.run("export XDG_STATE_HOME=$PWD/state\(machine)\n./\(name) -q --time-limit 3s\n")
        }
        #expect(try run("train-own.sh", machine: 1) == 130)
        #expect(try run("silent.sh", machine: 2) == 77)
        #expect(try run("train-own.sh", machine: 2) == 130)
        #expect(try run("silent.sh", machine: 1) == 130)
    }

    @Test func theQueueStartsTheJobAgainUntilItIsDone() throws {
        let place = try Place()
        let script = try Place.snippet("slurm")
        for line in ["#SBATCH --requeue", "#SBATCH --signal=USR1@300", "#SBATCH --time=04:00:00"] {
            #expect(script.contains(line))
        }
        var steps = 0
        for attempt in 1...2 {
            #expect(try place.run(script, replacing: ["03:50:00": "00:00:03"]) == 130)
            #expect(try place.steps > steps)
            steps = try place.steps
            let calls = try String(contentsOfFile: place.directory("scontrol"), encoding: .utf8)
            #expect(calls == String(repeating: "requeue 4711\n", count: attempt))
        }
        // A mistake in the command is not repeated.
        #expect(try place.run(script, replacing: ["03:50:00": "soon"]) == 64)
        // The warning saves and goes on.
        let process = try place.start(script, replacing: ["03:50:00": "01:00:00"])
        let before = place.directory.savedSteps("runs/cartpole").max() ?? 0
        #expect(wait { !process.isRunning || (place.directory.savedSteps("runs/cartpole").max() ?? 0) > before })
        let trainers = try trainers(in: place)
        #expect(trainers.count == 1)
        for trainer in trainers { kill(trainer, SIGUSR1) }
        usleep(200_000)
        #expect(try self.trainers(in: place) == trainers)
        for trainer in trainers { kill(trainer, SIGTERM) }
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        #expect(try place.steps > steps)
    }

    @Test func theShellOfAJobPassesSignalsOn() throws {
        let place = try Place()
        let script = try Place.snippet("slurm-batch")
        #expect(script.contains("#SBATCH --signal=B:USR1@60"))
        let process = try place.start(script, replacing: ["03:50:00": "01:00:00"])
        func newest() -> Int { place.directory.savedSteps("runs/cartpole").max() ?? 0 }
        #expect(wait { !process.isRunning || newest() > 0 })
        for _ in 0..<2 {
            let before = newest()
            kill(process.processIdentifier, SIGUSR1)
            #expect(wait { !process.isRunning || newest() > before })
            usleep(1_200_000)
            #expect(process.isRunning)
        }
        kill(process.processIdentifier, SIGTERM)
        try #require(wait { !process.isRunning })
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try String(contentsOfFile: place.directory("scontrol"), encoding: .utf8) == "requeue 4711\n")
    }

    /// `timeout` signals the process and its group.
    @Test func timeoutLosesNothing() throws {
        // No regular checkpoint can be mistaken for the last one.
        let place = try Place("--save-every 0 --eval-every 0")
        let script = try Place.snippet("timeout")
        // The group is that of the script, not that of the test.
        #expect(try place.run("set -m\n\(script)", replacing: ["30m": "3"]) == 130)
        let steps = try place.steps
        #expect(steps > 0, "the last state is saved")
        #expect(try place.run("set -m\n\(script)", replacing: ["30m": "3"]) == 130)
        #expect(try place.steps > steps)
    }

    @Test func nohupSurvivesTheTerminal() throws {
        let place = try Place()
        // Foundation takes a process for running as long as another one has the descriptors that it has inherited.
        let closing = """
            for file in /proc/$$/fd/*; do
                number=${file##*/}
                if [ "$number" -gt 2 ] && [ "$number" -ne 255 ]; then eval "exec $number>&-"; fi
            done
            """
        #expect(try place.run("\(closing)\n\(Place.snippet("nohup"))") == 0)
        let file = place.directory("train.pid")
        let trainer = try #require(Int32(String(contentsOfFile: file, encoding: .utf8).dropLast()))
        #expect(wait { place.hasSaved() })
        kill(trainer, SIGHUP)
        let steps = try place.steps
        #expect(wait { ((try? place.steps) ?? 0) > steps })
        kill(trainer, SIGTERM)
        // A process that has ended but is not reaped yet has no program.
        #expect(wait { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(trainer)/exe")) == nil })
        let log = try String(contentsOfFile: place.directory("train.log"), encoding: .utf8)
        #expect(log.contains("interrupted at step \(try place.steps)"), "\(log)")
    }

    @Test func theServiceIsValid() throws {
        let place = try Place()
        let text = try Place.snippet("systemd")
        for line in ["SuccessExitStatus=130", "TimeoutStopSec=5min", "KillMode=mixed"] { #expect(text.contains(line)) }
        let tool = "/usr/bin/systemd-analyze"
        guard FileManager.default.isExecutableFile(atPath: tool) else { return }
        // It checks that the program exists.
        try place.write(
            "train.service", text.replacingOccurrences(of: "/srv/training/train.sh", with: place.directory("train.sh")))
        try place.write("check", "'\(tool)' verify --man=no '\(place.directory("train.service"))' >report 2>&1")
        let status = try place.run("./check")
        let report = try String(contentsOfFile: place.directory("report"), encoding: .utf8)
        #expect(status == 0 && !report.contains("train.service:"), "\(report)")
    }

    @Test func thePodIsValid() throws {
        let text = try Place.snippet("kubernetes")
        let keys = text.split(separator: "\n").compactMap { $0.firstMatch(of: #/^ *(?:- )?(\w+):/#)?.output.1 }
        let known: Set<Substring> = [
            "apiVersion", "kind", "metadata", "name", "spec", "backoffLimit", "template", "restartPolicy",
            "terminationGracePeriodSeconds", "containers", "image", "workingDir", "command", "volumeMounts",
            "mountPath",
            "volumes", "persistentVolumeClaim", "claimName",
        ]
        #expect(Set(keys) == known)
        // A job must not have the default policy, Always.
        #expect(text.contains("restartPolicy: OnFailure") && text.contains("terminationGracePeriodSeconds: 120"))
    }

    /// The processes that run `dqn-train` in a directory.
    private func trainers(in place: Place) throws -> [Int32] {
        let path = place.directory.url.resolvingSymlinksInPath().path
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { process in
            let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
            return folder == path && program?.hasSuffix("dqn-train") ?? false
        }.sorted()
    }
}
