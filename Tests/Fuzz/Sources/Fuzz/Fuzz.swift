import Foundation

/// An in-memory file if the system has such a directory: each input is written up to three times.
private let url: URL = {
    let memory = "/dev/shm"
    let folder = FileManager.default.fileExists(atPath: memory) ? memory : NSTemporaryDirectory()
    return URL(fileURLWithPath: "\(folder)/swift-dqn-fuzz-\(ProcessInfo.processInfo.processIdentifier).h5")
}()

/// Reads libFuzzer's input as a checkpoint file. libFuzzer supplies `main`; `Scripts/fuzz` builds and runs it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try FileReading.readEverything(Array(UnsafeBufferPointer(start: bytes, count: count)), at: url) } catch {
        fatalError("\(url.path) could not be written: \(error)")
    }
    return 0
}
