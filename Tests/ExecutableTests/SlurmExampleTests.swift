import Foundation
import Testing

/// Runs `Examples/Slurm` with stand-ins for `srun`, `scontrol` and `dqn-cluster`. `Scripts/check-slurm` runs the same scripts
/// on a real SLURM.
@Suite(.timeLimit(.minutes(1))) struct SlurmExampleTests {
    private final class Place {
        let directory: TemporaryDirectory
        private static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Examples/Slurm")

        init() throws {
            directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: directory("bin"), withIntermediateDirectories: true)
            // Takes no options with separate values, like the scripts.
            try write(
                "bin/srun",
                "#!/bin/sh\necho \"$*\" >>srun.calls\nwhile :; do case $1 in -*) shift ;; *) break ;; esac; done\nexec \"$@\""
            )
            try write("bin/scontrol", "#!/bin/sh\necho \"$*\" >>scontrol.calls")
            try write(
                "bin/dqn-cluster",
                """
                #!/bin/sh
                echo "$*" >>calls
                case $1 in
                certificates) mkdir "$2" ;;
                chief)
                    trap 'exit 130' TERM
                    touch runs/a.chief
                    while [ ! -s end ]; do sleep 0.02; done
                    exit "$(cat end)" ;;
                worker) touch runs/a.done ;;
                esac
                """)
            for script in ["train.sbatch", "join.sbatch"] {
                let text = try String(contentsOf: Self.examples.appendingPathComponent(script), encoding: .utf8)
                try write(script, text.replacing(/sleep 1[05]/, with: "sleep 0.1"))
            }
        }

        func write(_ name: String, _ text: String) throws {
            try (text + "\n").write(toFile: directory(name), atomically: true, encoding: .utf8)
            chmod(directory(name), 0o755)
        }

        func text(_ name: String) -> String { (try? String(contentsOfFile: directory(name), encoding: .utf8)) ?? "" }

        func start(_ script: String, _ arguments: [String]) throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = [directory(script)] + arguments
            process.currentDirectoryURL = directory.url
            process.environment = ProcessInfo.processInfo.environment.merging([
                "PATH": "\(directory("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
                "SLURM_JOB_ID": "4711", "SLURM_NTASKS": "8", "SLURMD_NODENAME": "localhost",
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

        func wait(for part: String, in name: String) throws {
            for _ in 0..<2_000 where !text(name).contains(part) { usleep(10_000) }
            try #require(text(name).contains(part), "\(name): \(text(name))")
        }
    }

    @Test func aJobStartsAllRolesAndEndsAsItsChief() throws {
        let place = try Place()
        let job = try place.start("train.sbatch", ["runs/a", "--env", "CartPole-v1"])
        try place.wait(for: "worker", in: "srun.calls")
        try place.wait(for: "shard", in: "calls")
        let calls = place.text("calls")
        #expect(calls.contains("certificates runs/a.certificates\n"))
        #expect(
            calls.contains(
                "chief --out runs/a --env CartPole-v1 --servers 2 --workers 5 --listen 127.0.0.1 --chief-file runs/a.chief"
            ))
        #expect(calls.contains("shard --listen 127.0.0.1 --chief-file runs/a.chief"))
        let steps = place.text("srun.calls").split(separator: "\n")
        #expect(steps.contains { $0.contains("--ntasks=2 --nodelist=localhost --kill-on-bad-exit=0 bash") })
        #expect(steps.contains { $0.contains("--ntasks=5 --no-kill --kill-on-bad-exit=0 dqn-cluster worker") })
        try place.write("end", "1")
        job.waitUntilExit()
        #expect(job.terminationStatus == 1 && place.text("runs/a.done") == "1\n")
        #expect(place.text("scontrol.calls").isEmpty && place.text("runs/a.chief").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: place.directory("runs/a.chief")))
    }

    @Test func aJobThatIsToldToEndIsQueuedAgainAndContinues() throws {
        let place = try Place()
        try FileManager.default.createDirectory(
            atPath: place.directory("runs/a/checkpoints"), withIntermediateDirectories: true)
        _ = FileManager.default.createFile(
            atPath: place.directory("runs/a/checkpoints/step-000000000100.h5"), contents: nil)
        let job = try place.start("train.sbatch", ["runs/a", "--env", "CartPole-v1"])
        try place.wait(for: "chief --resume runs/a --servers 2", in: "calls")
        // The chief handles the signal once it has written its address.
        for _ in 0..<2_000 where !FileManager.default.fileExists(atPath: place.directory("runs/a.chief")) {
            usleep(10_000)
        }
        job.terminate()
        job.waitUntilExit()
        #expect(job.terminationStatus == 130)
        #expect(place.text("scontrol.calls") == "requeue 4711\n" && place.text("runs/a.done").isEmpty)
    }

    @Test func aWorkerJoinsUntilTheRunIsOver() throws {
        let place = try Place()
        try FileManager.default.createDirectory(atPath: place.directory("runs"), withIntermediateDirectories: true)
        let job = try place.start("join.sbatch", ["runs/a"])
        job.waitUntilExit()
        #expect(job.terminationStatus == 0)
        #expect(place.text("calls") == "worker --chief-file runs/a.chief --start-timeout 120\n")
    }
}
