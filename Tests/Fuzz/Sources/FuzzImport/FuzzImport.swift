import Foundation

/// An in-memory file if the system has such a directory: each policy is written and read again.
private let url: URL = {
    let memory = "/dev/shm"
    let folder = FileManager.default.fileExists(atPath: memory) ? memory : NSTemporaryDirectory()
    return URL(fileURLWithPath: "\(folder)/swift-dqn-fuzz-import-\(ProcessInfo.processInfo.processIdentifier).h5")
}()

/// Imports libFuzzer's input, and stores some of the policies, which takes longer than everything else. libFuzzer supplies `main`; `Scripts/fuzz --import` builds and runs it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let isStored = input.reduce(0 as UInt32) { $0 &+ UInt32($1) } % 256 == 0
    do { _ = try ForeignReading.readEverything(input, at: isStored ? url : nil) } catch {
        fatalError("A policy that was imported cannot be stored: \(error)")
    }
    return 0
}
