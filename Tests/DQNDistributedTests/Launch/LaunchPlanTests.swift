@_spi(Distributed) import DQNDistributed
import DQNModel
import Foundation
import Testing

@Suite struct LaunchPlanTests {
    private func request(_ change: (inout LaunchRequest) -> Void) -> LaunchRequest {
        var request = LaunchRequest(program: "/bin/dqn-cluster")
        change(&request)
        return request
    }

    private func message(_ change: (inout LaunchRequest) -> Void) -> String {
        do { _ = try LaunchPlan(request(change)) } catch { return error.description }
        return "planned"
    }

    @Test func aListOfHosts() throws {
        let list = try HostList("h1:3,alice@h-2.lan,10.0.0.7:1")
        #expect(
            list.hosts == [
                .init(name: "h1", workers: 3), .init(name: "alice@h-2.lan", workers: 1),
                .init(name: "10.0.0.7", workers: 1),
            ])
        #expect(list.workers == 5)
    }

    @Test(arguments: [
        ("", "''"), ("h1:", "'h1' ''"), ("h1:0", "'0' workers"), ("h1:+2", "'+2' workers"), ("h1:2:3", "'h1:2:3'"),
        ("h1:3,", "''"), ("h1:3,h1:2", "names 'h1' twice"), ("-oProxyCommand=x:1", "'-oProxyCommand=x:1'"),
        ("h 1:2", "'h 1:2'"), ("$(x):1", "'$(x):1'"), ("h1:10001", "'10001' workers"), (":3", "':3'"),
    ])
    func aListThatIsNone(text: String, part: String) {
        let error = #expect(throws: ClusterError.self) { try HostList(text) }
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func oneHost() throws {
        let plan = try LaunchPlan(
            request {
                $0.servers = 2
                $0.workers = 5
                $0.threads = 2
                $0.certificates = "/run/c"
                $0.chiefArguments = ["--env", "CartPole-v1"]
            })
        #expect(
            plan.chief.arguments == [
                "chief", "--listen", "127.0.0.1", "--servers", "2", "--workers", "5", "--lifeline", "--env",
                "CartPole-v1",
            ])
        #expect(
            plan.others.map(\.name) == [
                "shard process 0", "shard process 1", "worker process 0", "worker process 1", "worker process 2",
            ])
        #expect(plan.others.allSatisfy { $0.host == nil })
        #expect(plan.others.suffix(3).map { $0.arguments[2] } == ["2", "2", "1"])
    }

    @Test func workersGetWhatConcernsThem() throws {
        func options(_ arguments: [String]) throws -> ArraySlice<String> {
            let plan = try LaunchPlan(
                request {
                    $0.workers = 1
                    $0.chiefArguments = arguments
                })
            return plan.others[1].arguments.drop { $0 != "--lifeline" }.dropFirst()
        }
        #expect(try options(["--resume", "runs/a"]).isEmpty)
        #expect(try options(["--env", "CartPole-v1", "--steps", "9"]) == ["--trust-environment"])
        #expect(
            try options(["--python=p", "--worker-timeout", "9", "--trust-environment", "--resume", "r"])
                == ["--python=p", "--worker-timeout", "9", "--trust-environment"])
        #expect(
            try options(["--python-path", "a", "--python-path=b", "--env-timeout", "5", "--resume", "r"])
                == ["--python-path", "a", "--python-path=b", "--env-timeout", "5"])
    }

    @Test func severalHosts() throws {
        let plan = try LaunchPlan(
            request {
                $0.servers = 3
                $0.hosts = "h1:3,h2:1"
            })
        #expect(plan.chief.host == nil && plan.chief.arguments.starts(with: ["chief", "--listen", "0.0.0.0"]))
        #expect(plan.chief.arguments.contains("--plaintext") && plan.chief.arguments[6] == "4")
        #expect(plan.others.map(\.host) == ["h1", "h2", "h1", "h1", "h1", "h1", "h2"])
        #expect(plan.others[1].arguments.starts(with: ["shard", "--listen", "{host}", "--chief", "{chief}"]))
        let own = try LaunchPlan(
            request {
                $0.hosts = "h1"
                $0.address = "10.0.0.1"
            })
        #expect(own.chief.arguments[2] == "10.0.0.1")
    }

    @Test func whatDoesNotFitIsNamed() {
        #expect(message { _ in }.contains("give --workers or --hosts"))
        #expect(message { $0.workers = 0 }.contains("--workers 0 is too small"))
        #expect(message { ($0.workers, $0.servers) = (1, 0) }.contains("--servers 0 is too small"))
        #expect(message { ($0.workers, $0.threads) = (1, 0) }.contains("--threads 0 is too small"))
        #expect(message { ($0.workers, $0.hosts) = (2, "h1:3") }.contains("--workers 2 does not fit --hosts"))
        #expect(message { ($0.workers, $0.address) = (2, "10.0.0.1") }.contains("--address requires --hosts"))
        #expect(message { ($0.workers, $0.hosts) = (3, "h1:3") } == "planned")
    }

    /// A shell must read each word as it was.
    @Test func wordsForAnotherShell() throws {
        let words = [
            "plain-1.2/x:y", "", "two words", "it's", "$HOME `id` \"q\"", "back\\slash", "bang!", "*?[a]~", "ö", "'",
            "a=b;c|d&e>f<g(h)#i", "--set", "tab\tend",
        ]
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "printf '%s\\n' \(ShellCommand.text(words))"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(output == words.map { $0 + "\n" }.joined())
    }

    @Test func certificatesTravelAsOneLine() throws {
        let held = HeldFiles(files: ["ca.pem": "a\nb\n", "node.key": "secret"])
        #expect(held.line.last == UInt8(ascii: "\n") && held.line.dropLast().firstIndex(of: UInt8(ascii: "\n")) == nil)
        #expect(HeldFiles(line: held.line) == held)
        // Nothing else is written on another host.
        #expect(HeldFiles(line: HeldFiles(files: ["../x": ""]).line) == nil && HeldFiles(line: Data("x".utf8)) == nil)
    }
}
