import DQNEnvironments
import DQNModel
import Foundation
import PluginBuilding
import Testing

/// Errors for plug-ins that break the contract: one sentence with the thing, the rule and the remedy.
@Suite struct PluginFaultTests {
    private static func isRefusal(_ error: any Error, _ code: EnvironmentError.Code, _ words: String) -> Bool {
        guard let error = error as? EnvironmentError else { return false }
        return error.code == code && error.message.contains(words) && error.message.hasSuffix(".")
            && !error.message.contains("\n")
    }

    /// The working environment of the misbehaving library, with one fault.
    private func make(_ fault: String, reset: Bool = true) throws -> any Environment {
        var environment = try EnvironmentRegistry.make(
            "plugin:\(CompiledPlugin.misbehaving().path):Sound-v0?fault=\(fault)", trust: .any)
        if reset { try environment.reset(seed: 0) }
        return environment
    }

    @Test(
        "Refuses a library that breaks the contract",
        arguments: [
            (1, "exports no 'dqn_environment_plugin'; define that function"),
            (2, "has version 99 of the interface, but this program has version 1; compile it"),
            (3, "offers 0 environments; offer 1 to 1024"), (4, "has no table for its environment 1; add one"),
            (5, "lacks the function 'step' for Other-v0"), (6, "lacks the function 'restore' for Other-v0"),
            (7, "has an environment with an invalid name; use 1"),
            (8, "has snapshot_version 0 for Sound-v0; start at 1"),
            (9, "has duplicate environment names: Sound-v0, Sound-v0"),
            (10, "has an environment with an invalid name; use 1"), (11, "offers 2 environments in no list"),
            (12, "offers nothing for version 1 of the interface"),
        ])
    func library(fault: Int, words: String) throws {
        let path = try CompiledPlugin.misbehaving(fault).path
        // A refused library is not treated as loaded the second time.
        for _ in 0..<2 {
            #expect { try EnvironmentRegistry.make("plugin:\(path):Sound-v0", trust: .any) } throws: {
                Self.isRefusal($0, .invalidPlugin, words) && "\($0)".contains(path)
            }
        }
    }

    @Test("Refuses a file that is not a library or lacks a symbol")
    func noLibrary() throws {
        let source = #filePath
        #expect { try EnvironmentRegistry.make("plugin:\(source)", trust: .any) } throws: {
            Self.isRefusal($0, .invalidPlugin, "cannot be loaded (")
        }
        let folder = URL(fileURLWithPath: source).deletingLastPathComponent().path
        #expect { try EnvironmentRegistry.make("plugin:\(folder)", trust: .any) } throws: {
            Self.isRefusal($0, .invalidPlugin, "is not a regular file; choose a shared library")
        }
        #if os(Linux)
            // On other systems the linker already refuses it.
            let path = try CompiledPlugin.misbehaving(13).path
            #expect { try EnvironmentRegistry.make("plugin:\(path)", trust: .any) } throws: {
                Self.isRefusal($0, .invalidPlugin, "missing_function")
            }
        #endif
    }

    @Test(
        "An id without a valid environment names those that exist",
        arguments: [
            ("", "Invalid plug-in id 'plugin:'; write plugin:PATH:NAME"),
            (":Sound-v0", "Invalid plug-in id"), ("a.so:", "Invalid plug-in id"),
            ("a.so:two words", "Invalid plug-in id"),
            ("LIBRARY", "has several environments, but the id has no name; add one of Sound-v0, Plain-v0"),
            ("LIBRARY:Sond-v0", "has no environment 'Sond-v0'; did you mean 'Sound-v0'?"),
            ("LIBRARY:Walker", "has no environment 'Walker'; choose from Plain-v0, Sound-v0"),
        ])
    func identifiers(text: String, words: String) throws {
        let text = text.replacingOccurrences(of: "LIBRARY", with: try CompiledPlugin.misbehaving().path)
        #expect { try EnvironmentRegistry.make("plugin:\(text)", trust: .any) } throws: {
            ($0 as? EnvironmentError)?.code == .unknownEnvironment && "\($0)".contains(words)
        }
    }

    @Test("The error for a missing file names the search variable")
    func missing() {
        #expect { try EnvironmentRegistry.make("plugin:/nowhere/grid.so:Grid-v0", trust: .any) } throws: {
            Self.isRefusal($0, .pluginNotFound, "There is no plug-in '/nowhere/grid.so'")
                && "\($0)".contains("DQN_PLUGIN_PATH")
        }
    }

    @Test(
        "Refuses an invalid or failing description and destroys the environment",
        arguments: [
            ("describe", "could not describe Sound-v0"), ("element-type", "reports element_type 7 of Sound-v0"),
            ("no-axes", "reports axis_count 0 of Sound-v0; it must be 1 to 4"), ("many-axes", "reports axis_count 5"),
            ("zero-extent", "reports extents[0] 0 of Sound-v0; it must be 1 to 67108864"),
            ("negative-extent", "reports extents[0] -4"), ("huge-extent", "reports extents[0] 9223372036854775807"),
            ("huge-product", "with more than 67108864 elements in total; reduce them"),
            ("no-actions", "reports action_count 0 of Sound-v0; it must be 1 to 65536"),
            ("many-actions", "reports action_count 65537"), ("meanings", "has no text in action_meanings[1]"),
            ("no-frames", "reports frames_per_step 0 of Sound-v0; it must be 1 to 1000"),
            ("no-stack", "reports frame_stack 0 of Sound-v0; it must be 1 to 64"),
            ("negative-limit", "reports maximum_episode_steps -1"),
        ])
    func shapes(fault: String, words: String) throws {
        #expect { try make(fault) } throws: { Self.isRefusal($0, .invalidPlugin, words) }
    }

    @Test("Environments with equal options must have equal descriptions")
    func changes() throws {
        #expect {
            for _ in 0..<3 { _ = try make("changes") }
        } throws: {
            Self.isRefusal($0, .invalidPlugin, "describes Sound-v0 fault=changes differently than before")
        }
    }

    @Test(
        "A failed creation reports its reason on one line",
        arguments: [
            ("create", "with fault=create (it is Monday); change its options"),
            ("create-silent", "with fault=create-silent (no reason given)"),
        ])
    func creation(fault: String, words: String) throws {
        #expect { try make(fault) } throws: { Self.isRefusal($0, .invalidOptions, words) }
        // A text without an end is cut at the end of the buffer.
        #expect { try make("create-long") } throws: {
            Self.isRefusal($0, .invalidOptions, "x); change") && "\($0)".count < 1_000
        }
    }

    @Test(
        "A failing step or observation ends the episode, not the process; a reset begins another",
        arguments: [
            ("nan-reward", "paid a reward of nan for action 1; rewards must be finite"),
            ("infinite-reward", "paid a reward of -inf for action 1"),
            ("step", "failed in a step (the wheels came off)"),
            ("speechless", "failed in a step (no reason given)"),
            ("wordless", "failed in a step (no reason given)"),
            ("unavailable-step", "returned the invalid status 2 from a step"),
        ])
    func steps(fault: String, words: String) throws {
        var environment = try make(fault)
        for _ in 0..<2 {
            #expect { try environment.step(1) } throws: { Self.isRefusal($0, .pluginFailed, words) }
            #expect { try environment.step(1) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
            try environment.reset(seed: nil)
        }
    }

    @Test(
        "Reports a failing reset and invalid observations",
        arguments: [
            ("reset", "failed in a reset (the wheels came off)"),
            ("observe", "failed in an observation after a reset (the wheels came off)"),
            ("nan-observation", "returned an observation after a reset with nan at index 2; its numbers must be"),
            ("long-observation", "wrote an observation beyond its declared size of 16 bytes"),
        ])
    func resets(fault: String, words: String) throws {
        var environment = try make(fault, reset: false)
        #expect { try environment.reset(seed: 1) } throws: { Self.isRefusal($0, .pluginFailed, words) }
        #expect { try environment.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
    }

    @Test(
        "Reports snapshots that fail or differ from their declared length",
        arguments: [
            ("snapshot", "failed in snapshot() (the wheels came off)"),
            ("snapshot-empty", "requests 0 bytes for snapshot(); 1 to 268435456 are allowed"),
            ("snapshot-huge", "requests 18446744073709551615 bytes for snapshot(); 1 to 268435456 are allowed"),
            ("snapshot-longer", "wrote more in snapshot() than its declared 8 bytes"),
            ("snapshot-overruns", "wrote more in snapshot() than its declared 8 bytes"),
        ])
    func snapshots(fault: String, words: String) throws {
        let environment = try make(fault)
        #expect { try environment.snapshot() } throws: { Self.isRefusal($0, .pluginFailed, words) }
    }

    @Test("An episode without a limit may be longer than 2³¹ steps")
    func longEpisodes() throws {
        var stored = try #require(try make("").snapshot())
        stored.values["elapsed_steps"] = .int64([5_000_000_000])
        var restored = try make("")
        try restored.restore(stored)
        _ = try restored.step(0)
        #expect(try restored.snapshot()?.values["elapsed_steps"] == .int64([5_000_000_001]))
        // Counting on from there would overflow.
        stored.values["elapsed_steps"] = .int64([.max - 1])
        #expect(throws: ModelError.self) { try restored.restore(stored) }
    }

    @Test("A snapshot may be unavailable; a plug-in without snapshots returns and restores none")
    func noSnapshot() throws {
        #expect(try make("snapshot-unavailable").snapshot() == nil)
        var plain = try EnvironmentRegistry.make("plugin:\(CompiledPlugin.misbehaving().path):Plain-v0", trust: .any)
        try plain.reset(seed: nil)
        #expect(try plain.snapshot() == nil)
        #expect(plain.renderANSI(columns: 80, rows: 24).contains("\nstep 0   Plain-v0"))
        var stored = try #require(try make("").snapshot())
        stored.kind = "Plain-v0"
        stored.version = 0
        #expect { try plain.restore(stored) } throws: {
            ($0 as? ModelError)?.code == .invalidSnapshot
                && "\($0)".contains("which comes from a plug-in with snapshots")
        }
    }

    @Test("A refused restore changes nothing in the host; a failing picture becomes a line of text")
    func restoreAndPicture() throws {
        let stored = try #require(try make("").snapshot())
        var environment = try make("restore", reset: false)
        #expect { try environment.restore(stored) } throws: {
            "\($0)".contains("refuses the stored state of 8 bytes (the wheels came off)")
        }
        #expect { try environment.step(0) } throws: { ($0 as? EnvironmentError)?.code == .resetNeeded }
        #expect(try make("").renderANSI(columns: 80, rows: 24).hasPrefix("picture\nstep 0"))
        #expect(try make("render-huge").renderANSI().contains("requests 1099511627776 bytes for render()"))
    }

    @Test("Distinguishes the plug-in's truncation from the limit in its description")
    func truncation() throws {
        var environment = try make("truncates")
        let outcome = try environment.step(1)
        #expect(outcome == StepOutcome(reward: 1, terminated: false, truncated: true))
        environment = try make("limited")
        #expect(try (0..<3).map { _ in try environment.step(0).truncated } == [false, false, true])
    }
}

/// The lifetime of a plug-in's environments; a separate suite, because it counts all environments of one library.
@Suite struct PluginLifeTests {
    @Test("Each environment is destroyed once, with its last reference")
    func life() throws {
        // The library without a fault, in a separate file.
        let path = try CompiledPlugin.misbehaving(14).path
        let library = try #require(dlopen(path, RTLD_NOW))
        let alive = unsafeBitCast(
            try #require(dlsym(library, "misbehaving_alive")), to: (@convention(c) () -> Int32).self)
        do {
            let first = try EnvironmentRegistry.make("plugin:\(path):Sound-v0", trust: .any)
            let copy = first
            let second = try EnvironmentRegistry.make("plugin:\(path):Plain-v0", trust: .any)
            #expect(alive() == 2)
            withExtendedLifetime((copy, second)) {}
        }
        #expect(alive() == 0)
        for fault in ["describe", "zero-extent", "meanings"] {
            _ = try? EnvironmentRegistry.make("plugin:\(path):Sound-v0?fault=\(fault)", trust: .any)
        }
        #expect(alive() == 0)
    }
}
