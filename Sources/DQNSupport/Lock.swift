internal import Foundation

/// A mutual-exclusion lock over `pthread_mutex`: the one lock of this package.
///
/// `@unchecked Sendable`: the mutex is created once at a fixed address and synchronises itself. It is used instead of
/// `Synchronization.Mutex`, for which the thread sanitizer reports false races on Linux.
package final class Lock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    package init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while holding the lock.
    package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}
