@_spi(Distributed) import DQNDistributed
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClusterLaunchTests {
    /// A shard or worker that takes part until its standard input closes.
    private static let part = "echo \"ready $role 0\"; cat >/dev/null; exit 1"
    /// A chief that ends with the code in a file, once there is one.
    private static let chief = "while [ ! -s end ]; do sleep 0.02; done; exit $(cat end)"

    @Test(arguments: [0, 1, 130]) func theRunEndsAsItsChief(code: Int32) async throws {
        let cluster = try FakeCluster(chief: Self.chief, shard: Self.part, worker: Self.part)
        let run = try cluster.launch { $0.certificates = "/nowhere" }
        try await cluster.wait { cluster.processes("worker").count == 3 && cluster.processes("shard").count == 2 }
        try cluster.write("end", "\(code)")
        #expect(await run.value == code)
        #expect(cluster.isDeserted)
        let arguments = cluster.text("arguments").split(separator: "\n")
        #expect(arguments.first == "chief --listen 127.0.0.1 --servers 2 --workers 3 --lifeline")
        #expect(arguments.filter { $0 == "worker --workers 1 --chief 127.0.0.1:4711 --lifeline" }.count == 3)
        #expect(arguments.contains("shard --listen 127.0.0.1 --chief 127.0.0.1:4711 --lifeline"))
        #expect(cluster.lines.contains { $0.contains("--chief 127.0.0.1:4711 --certificates /nowhere") })
    }

    @Test func aWorkerThatIsKilledIsNamedAndTheRunGoesOn() async throws {
        let cluster = try FakeCluster(chief: Self.chief, shard: Self.part, worker: Self.part)
        let run = try cluster.launch()
        try await cluster.wait { cluster.processes("worker").count == 3 }
        let victim = cluster.processes("worker")[1]
        kill(-victim, SIGKILL)
        try await cluster.wait { cluster.lines.contains { $0.contains("killed by signal 9") } }
        #expect(cluster.lines.filter { $0.contains("(process \(victim)) was killed by signal 9") }.count == 1)
        #expect(!cluster.isDeserted)
        try cluster.write("end", "0")
        #expect(await run.value == 0)
        #expect(cluster.isDeserted)
    }

    @Test(arguments: ["shard", "worker"]) func aProcessThatCannotTakePartEndsTheStart(role: String) async throws {
        let refused = "echo 'it is of another release' >&2; exit 1"
        let cluster = try FakeCluster(
            chief: Self.chief, shard: role == "shard" ? refused : Self.part,
            worker: role == "worker" ? refused : Self.part)
        let run = try cluster.launch()
        #expect(await run.value == 1)
        #expect(cluster.lines.contains { $0.hasSuffix("\(role) process 0: it is of another release") })
        #expect(cluster.lines.contains { $0.contains("\(role) process") && $0.contains("ended before it took part") })
        #expect(cluster.isDeserted)
    }

    @Test func aLostChiefLeavesNothing() async throws {
        let cluster = try FakeCluster(chief: Self.chief, shard: Self.part, worker: Self.part)
        let run = try cluster.launch { $0.chiefArguments = ["--out", "runs/a"] }
        try await cluster.wait { cluster.processes("worker").count == 3 }
        kill(-cluster.processes("chief")[0], SIGKILL)
        #expect(await run.value == 1)
        #expect(cluster.lines.contains { $0.contains("was killed by signal 9") && $0.contains("--resume runs/a") })
        #expect(cluster.isDeserted)
    }

    /// The shards notice a stopped chief; a stopped shard is noticed by the chief.
    @Test(arguments: ["chief", "shard", "worker"]) func whatIsStoppedIsEnded(role: String) async throws {
        let shard = "echo \"ready $role 0\"; while [ ! -e lost ]; do sleep 0.02; done; exit 1"
        let cluster = try FakeCluster(chief: Self.chief, shard: shard, worker: Self.part)
        let run = try cluster.launch()
        try await cluster.wait { cluster.processes("worker").count == 3 && cluster.processes("shard").count == 2 }
        kill(-cluster.processes(role)[0], SIGSTOP)
        if role == "chief" { cluster.touch("lost") } else { try cluster.write("end", "1") }
        #expect(await run.value == 1)
        #expect(cluster.isDeserted)
    }

    @Test func otherHostsAreReachedThroughTheShell() async throws {
        let cluster = try FakeCluster(
            chief: Self.chief, shard: "head -n 1 >files; \(Self.part)", worker: "head -n 1 >/dev/null; \(Self.part)")
        try cluster.write(
            "ssh",
            """
            #!/bin/sh
            echo "$*" >>'\(cluster.folder)/ssh.arguments'
            for last; do :; done
            exec sh -c "$last"
            """)
        let certificates = "\(cluster.folder)/certificates"
        try FileManager.default.createDirectory(atPath: certificates, withIntermediateDirectories: true)
        try "the key".write(toFile: "\(certificates)/node.key", atomically: true, encoding: .utf8)
        let run = try cluster.launch {
            ($0.servers, $0.workers, $0.hosts) = (1, nil, "h1:1,alice@h2:1")
            $0.remoteShell = "\(cluster.folder)/ssh"
            $0.certificates = certificates
        }
        try await cluster.wait { cluster.processes("worker").count == 2 && !cluster.text("files").isEmpty }
        try cluster.write("end", "0")
        #expect(await run.value == 0)
        #expect(cluster.text("files") == "{\"files\":{\"node.key\":\"the key\"}}\n")
        let lines = cluster.text("ssh.arguments").split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.contains("-T -o BatchMode=yes") })
        #expect(lines.contains { $0.contains(" alice@h2 exec ") && $0.contains("--chief '{chief}:4711'") })
        #expect(cluster.text("arguments").contains("hold --name worker process 1 on alice@h2 -- worker --workers 1"))
        #expect(!lines.contains { $0.contains("the key") })
        #expect(cluster.isDeserted)
    }

    @Test func aHostThatCannotBeReachedEndsTheStart() async throws {
        let cluster = try FakeCluster(chief: Self.chief, shard: Self.part, worker: Self.part)
        try cluster.write("ssh", "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255")
        let run = try cluster.launch {
            ($0.workers, $0.hosts, $0.remoteShell) = (nil, "h1:2", "\(cluster.folder)/ssh")
        }
        #expect(await run.value == 1)
        #expect(cluster.lines.contains { $0.contains("on h1: Permission denied") })
        #expect(cluster.isDeserted)
    }

    @Test func aProgramThatIsMissing() async throws {
        let cluster = try FakeCluster(chief: "", shard: "", worker: "")
        #expect(try await cluster.launch { $0.program = "/nowhere/dqn-cluster" }.value == 1)
        #expect(cluster.lines.first?.contains("the chief cannot be started: No such file") == true)
    }
}
