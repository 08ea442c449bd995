/// Why a worker cannot continue.
enum WorkerFailure {
    /// Its job threw an error.
    case failed(any Error)
    /// Its thread has ended.
    case died
    /// It has not finished a step for this long.
    case unresponsive(Duration)
}
