import DQNCheckpoint
import DQNModel
import Foundation
import Testing

/// Damage anywhere in a file is noticed, or does not matter; it never crashes a reader.
struct DamageTests {
    @Test func bytesChangedAnywhere() throws {
        let folder = try TemporaryFolder()
        try Samples.pixels().write(to: folder.file("sound.h5"))
        let sound = try everything(Samples.pixels())
        let bytes = try Data(contentsOf: folder.file("sound.h5"))
        let url = folder.file("damaged.h5")
        var generator = RandomGenerator(seed: 1, stream: "damage")
        var noticed = 0
        var harmless = 0
        for _ in 0..<800 {
            var damaged = bytes
            for _ in 0..<(1 + generator.integer(below: 3)) {
                let position = generator.integer(below: bytes.count)
                damaged[position] = UInt8(truncatingIfNeeded: generator.next())
            }
            if damaged == bytes { continue }
            try damaged.write(to: url)
            guard let read = try? Checkpoint(contentsOf: url) else {
                noticed += 1
                continue
            }
            // Bytes that belong to nothing may change; what is read may not.
            #expect(try everything(read) == sound)
            harmless += 1
        }
        #expect(noticed > 350, "noticed \(noticed), harmless \(harmless)")
    }
}
