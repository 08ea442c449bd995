import Foundation

/// A file in memory where there is such a folder: it is written three times for each input.
private let url: URL = {
    let memory = "/dev/shm"
    let folder = FileManager.default.fileExists(atPath: memory) ? memory : NSTemporaryDirectory()
    return URL(fileURLWithPath: "\(folder)/swift-dqn-fuzz-\(ProcessInfo.processInfo.processIdentifier).h5")
}()

/// Reads what libFuzzer makes up as a checkpoint file; libFuzzer brings `main` with it. `Scripts/fuzz` builds and runs it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try FileReading.readEverything(Array(UnsafeBufferPointer(start: bytes, count: count)), at: url) } catch {
        fatalError("\(url.path) cannot be written: \(error)")
    }
    return 0
}
