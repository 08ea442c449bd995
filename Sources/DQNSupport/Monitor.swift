internal import Foundation

/// A lock with a condition: one thread sleeps until another has changed what the lock guards.
///
/// Every wait has a timeout, so that no thread sleeps forever because another one has died.
///
/// `@unchecked Sendable`: mutex and condition are created once at fixed addresses and synchronise themselves.
package final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        #if os(Linux)
            // Setting the system's clock must not change a timeout.
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, &attributes)
            pthread_condattr_destroy(&attributes)
        #else
            pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while holding the lock.
    package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Wakes all waiting threads; called with the lock held.
    package func wakeAll() { pthread_cond_broadcast(condition) }

    /// Releases the lock and sleeps until woken or until the timeout, then takes the lock again; called with the lock
    /// held, in a loop that checks the condition again.
    package func wait(seconds: Double) {
        let whole = Int(seconds)
        let nanoseconds = Int((seconds - Double(whole)) * 1e9)
        #if os(Linux)
            var deadline = timespec()
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            deadline.tv_sec += whole
            deadline.tv_nsec += nanoseconds
            if deadline.tv_nsec >= 1_000_000_000 {
                deadline.tv_sec += 1
                deadline.tv_nsec -= 1_000_000_000
            }
            pthread_cond_timedwait(condition, mutex, &deadline)
        #else
            var interval = timespec(tv_sec: whole, tv_nsec: nanoseconds)
            pthread_cond_timedwait_relative_np(condition, mutex, &interval)
        #endif
    }
}
