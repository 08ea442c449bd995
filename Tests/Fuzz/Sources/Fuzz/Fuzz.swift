import CFuzzer
import Foundation

/// Reads what libFuzzer makes up as checkpoint files; its arguments are libFuzzer's. `Scripts/fuzz` builds and runs it.
@main
enum Fuzz {
    /// A file in memory where there is such a folder: it is written three times for each input.
    static let url: URL = {
        let memory = "/dev/shm"
        let folder = FileManager.default.fileExists(atPath: memory) ? memory : NSTemporaryDirectory()
        return URL(fileURLWithPath: "\(folder)/swift-dqn-fuzz-\(ProcessInfo.processInfo.processIdentifier).h5")
    }()

    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        let status = LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
            do { try FileReading.readEverything(Array(UnsafeBufferPointer(start: bytes, count: count)), at: Fuzz.url) }
            catch { fatalError("\(Fuzz.url.path) cannot be written: \(error)") }
            return 0
        }
        try? FileManager.default.removeItem(at: url)
        exit(status)
    }
}
