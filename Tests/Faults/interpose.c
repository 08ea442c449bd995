// Intercepts a program's file calls: logs those on chosen paths in order, and makes one call fail, write only a part,
// or kill the program. Linux only. The scripts in this folder load it with LD_PRELOAD and build it with
//
//     clang -shared -fPIC -O1 -pthread interpose.c -o interpose.so
//
// Environment, read once at start:
//
//   FAULTS_PATHS    substrings joined by ':'; only paths that contain one of them are watched
//   FAULTS_LOG      file to which one line per call is appended
//   FAULTS_DATA     file to which the bytes of every write are appended, to replay the log (optional)
//   FAULTS_CALL     which call the fault is for: a kind (below), "space" (a create, write or mkdir) or "any" (optional:
//                   no fault)
//   FAULTS_ENDING   count only calls whose path has this ending (optional)
//   FAULTS_NUMBER   the number of the call among these, from 1
//   FAULTS_ACTION   EIO, ENOSPC, EDQUOT   the call is not made and fails
//                   short                 a write takes half of its bytes (at least one) and returns their number
//                   short-ENOSPC          the same, and the write after it fails
//                   kill-before           SIGKILL instead of the call
//                   kill-after            SIGKILL once the call has returned
//   FAULTS_REPEAT   once, or ever: this call and all matching calls after it
//
// Kinds: open, create (an open with O_CREAT), write (all six ways of writing), truncate, sync (of a file),
// sync-directory, rename, unlink, mkdir, close.
//
// A line of the log, fields between tabs:
//
//   kind  result  errno  descriptor  offset  length  flags  data  fault  path  second path
//
// flags are those of an open; length is the requested one; data is the offset of the written bytes in FAULTS_DATA;
// fault is "-" or the action. A line is written after its call has returned, so a logged call has happened. The
// exception is "unlinking", written before each unlink: otherwise a kill between the call and its line would look like
// a lost file.
//
// One mutex is held over each call and its line, so the log has the order of the calls. Calls on other paths are not
// delayed. Nothing allocates. The calls use syscall(2), which needs no symbol lookup, so calls before this library's
// own start work too. Not intercepted: libc's internal calls (stdio, opendir, mkstemp), mmap, dup.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAXIMUM_DESCRIPTORS = 1024, MAXIMUM_PATH = 512, MAXIMUM_PARTS = 64 };

typedef enum { NOTHING, FAIL, SHORT, KILL_BEFORE, KILL_AFTER } Verdict;

// What a descriptor was opened as. Device and inode distinguish it from a descriptor of the same number that libc
// closed and opened again unseen (closedir, fclose).
typedef struct {
    bool used, directory;
    dev_t device;
    ino_t inode;
    char path[MAXIMUM_PATH];
} Descriptor;

// A line of the log under construction.
typedef struct {
    const char *kind;
    long result;
    int error, descriptor, flags;
    long long offset, length, data;
    const char *path, *second;
    Verdict verdict;
} Call;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Descriptor descriptors[MAXIMUM_DESCRIPTORS];
static int log_descriptor = -1, data_descriptor = -1;
static long long data_length;
static const char *paths, *fault_call, *fault_ending, *fault_action;
static long fault_number, seen;
static int fault_error;
static bool fault_repeats;

static void complain(const char *what) {
    dprintf(2, "interpose: %s\n", what);
    abort();
}

static int open_output(const char *variable) {
    const char *path = getenv(variable);
    if (!path) return -1;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    // A high number, so that the program's own descriptors have the same numbers as in an unwatched run.
    int high = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, MAXIMUM_DESCRIPTORS);
    if (high < 0 && descriptor >= 0) return descriptor;
    if (high < 0) complain("an output cannot be opened");
    syscall(SYS_close, descriptor);
    return high;
}

__attribute__((constructor)) static void start(void) {
    log_descriptor = open_output("FAULTS_LOG");
    data_descriptor = open_output("FAULTS_DATA");
    fault_call = getenv("FAULTS_CALL");
    fault_ending = getenv("FAULTS_ENDING");
    fault_action = getenv("FAULTS_ACTION");
    const char *number = getenv("FAULTS_NUMBER"), *repeat = getenv("FAULTS_REPEAT");
    fault_number = number ? atol(number) : 0;
    fault_repeats = repeat && strcmp(repeat, "ever") == 0;
    if (fault_call) {
        if (!fault_action || fault_number < 1) complain("FAULTS_CALL needs FAULTS_ACTION and FAULTS_NUMBER");
        const char *names[] = {"EIO", "ENOSPC", "EDQUOT", "short-ENOSPC", "short", "kill-before", "kill-after"};
        const int errors[] = {EIO, ENOSPC, EDQUOT, ENOSPC, 0, 0, 0};
        bool known = false;
        for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
            if (strcmp(fault_action, names[index]) != 0) continue;
            fault_error = errors[index];
            known = true;
        }
        if (!known) complain("FAULTS_ACTION is none of those known");
    }
    // Set last: nothing is watched before.
    paths = getenv("FAULTS_PATHS");
}

static bool is_seen(const char *path) {
    if (!paths || !path) return false;
    for (const char *part = paths; *part;) {
        size_t length = strcspn(part, ":");
        if (length > 0 && memmem(path, strlen(path), part, length)) return true;
        part += length + (part[length] == ':');
    }
    return false;
}

static bool ends_with(const char *text, const char *ending) {
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

// The path of a watched descriptor's file; call with the mutex held.
static Descriptor *known(int descriptor) {
    if (descriptor < 0 || descriptor >= MAXIMUM_DESCRIPTORS || !descriptors[descriptor].used) return NULL;
    Descriptor *entry = &descriptors[descriptor];
    struct stat status;
    if (fstat(descriptor, &status) == 0 && status.st_dev == entry->device && status.st_ino == entry->inode)
        return entry;
    entry->used = false;
    return NULL;
}

// Makes a path absolute.
static const char *absolute(int directory, const char *path, char buffer[PATH_MAX]) {
    if (!path || path[0] == '/') return path;
    if (directory == AT_FDCWD) {
        if (!getcwd(buffer, PATH_MAX)) return path;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        ssize_t length = readlink(link, buffer, PATH_MAX - 1);
        if (length < 0) return path;
        buffer[length] = 0;
    }
    size_t length = strlen(buffer);
    snprintf(buffer + length, PATH_MAX - length, "/%s", path);
    return buffer;
}

// Counts the call and decides what happens to it.
static Verdict judge(const char *kind, const char *path) {
    if (!fault_call) return NOTHING;
    bool needs_space = strcmp(kind, "create") == 0 || strcmp(kind, "write") == 0 || strcmp(kind, "mkdir") == 0;
    if (strcmp(fault_call, "space") == 0 ? !needs_space
                                         : strcmp(fault_call, "any") != 0 && strcmp(fault_call, kind) != 0)
        return NOTHING;
    if (fault_ending && !ends_with(path, fault_ending)) return NOTHING;
    seen++;
    bool follows = strcmp(fault_action, "short-ENOSPC") == 0;
    if (follows && seen == fault_number) return SHORT;
    long first = fault_number + (follows ? 1 : 0);
    if (fault_repeats ? seen < first : seen != first) return NOTHING;
    if (fault_error) return FAIL;
    if (strcmp(fault_action, "short") == 0) return SHORT;
    return strcmp(fault_action, "kill-before") == 0 ? KILL_BEFORE : KILL_AFTER;
}

static void append_line(const Call *call) {
    if (log_descriptor < 0) return;
    char line[2 * MAXIMUM_PATH + 256];
    int length = snprintf(
        line, sizeof line, "%s\t%ld\t%d\t%d\t%lld\t%lld\t%d\t%lld\t%s\t%s\t%s\n", call->kind, call->result, call->error,
        call->descriptor, call->offset, call->length, call->flags, call->data,
        call->verdict == NOTHING ? "-" : fault_action, call->path, call->second ? call->second : "");
    if (length >= (int)sizeof line) complain("a path is too long");
    if (syscall(SYS_write, log_descriptor, line, (size_t)length) != length) complain("the log cannot be written");
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Before the call: whether to make it. If it is to fail, or to kill the program first, its line is already written.
static bool begin(Call *call) {
    call->verdict = judge(call->kind, call->path);
    if (call->verdict == KILL_BEFORE || call->verdict == FAIL) {
        call->result = -1;
        call->error = call->verdict == FAIL ? fault_error : 0;
        append_line(call);
        if (call->verdict == KILL_BEFORE) die();
        return false;
    }
    return true;
}

// After the call: writes its line, and kills the program if required. Returns the result for the program.
static long end(Call *call, long result) {
    call->result = result;
    call->error = result < 0 ? errno : 0;
    append_line(call);
    if (call->verdict == KILL_AFTER) die();
    pthread_mutex_unlock(&mutex);
    if (call->error) errno = call->error;
    return result;
}

static long refuse(const Call *call) {
    pthread_mutex_unlock(&mutex);
    errno = call->error;
    return -1;
}

// MARK: Opening and closing

static int open_any(int directory, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *full = absolute(directory, path, buffer);
    if (!is_seen(full)) return (int)syscall(SYS_openat, directory, path, flags, mode);
    if (strlen(full) >= MAXIMUM_PATH) complain("a path is too long");
    pthread_mutex_lock(&mutex);
    Call call = {.kind = flags & O_CREAT ? "create" : "open", .descriptor = -1, .flags = flags, .path = full};
    if (!begin(&call)) return (int)refuse(&call);
    int descriptor = (int)syscall(SYS_openat, directory, path, flags, mode);
    int error = errno;
    if (descriptor >= MAXIMUM_DESCRIPTORS) complain("too many descriptors");
    struct stat status;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0) {
        Descriptor *entry = &descriptors[descriptor];
        entry->used = true;
        entry->directory = S_ISDIR(status.st_mode);
        entry->device = status.st_dev;
        entry->inode = status.st_ino;
        strcpy(entry->path, full);
    }
    call.descriptor = descriptor;
    errno = error;
    return (int)end(&call, descriptor);
}

// O_TMPFILE is two bits, of which one is O_DIRECTORY's.
#define OPEN_WITH_MODE                                             \
    mode_t mode = 0;                                               \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {     \
        va_list arguments;                                         \
        va_start(arguments, flags);                                \
        mode = va_arg(arguments, mode_t);                          \
        va_end(arguments);                                         \
    }

int open(const char *path, int flags, ...) { OPEN_WITH_MODE return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { OPEN_WITH_MODE return open_any(AT_FDCWD, path, flags, mode); }
int openat(int directory, const char *path, int flags, ...) {
    OPEN_WITH_MODE return open_any(directory, path, flags, mode);
}
int openat64(int directory, const char *path, int flags, ...) {
    OPEN_WITH_MODE return open_any(directory, path, flags, mode);
}
// What the C library's headers call if a program was built with _FORTIFY_SOURCE.
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __openat_2(int directory, const char *path, int flags) { return open_any(directory, path, flags, 0); }
int __openat64_2(int directory, const char *path, int flags) { return open_any(directory, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int descriptor) {
    pthread_mutex_lock(&mutex);
    Descriptor *entry = known(descriptor);
    if (!entry) {
        pthread_mutex_unlock(&mutex);
        return (int)syscall(SYS_close, descriptor);
    }
    Call call = {.kind = "close", .descriptor = descriptor, .path = entry->path};
    bool goes_on = begin(&call);
    // Linux releases the descriptor whatever close returns.
    long result = syscall(SYS_close, descriptor);
    entry->used = false;
    return (int)(goes_on ? end(&call, result) : refuse(&call));
}

// MARK: Writing

// The first parts of a write, up to a number of bytes; returns the number of parts.
static int first_bytes(const struct iovec *parts, int count, size_t bytes, struct iovec *out) {
    int used = 0;
    for (int index = 0; index < count && index < MAXIMUM_PARTS && bytes > 0; index++) {
        out[used] = parts[index];
        if (out[used].iov_len > bytes) out[used].iov_len = bytes;
        bytes -= out[used].iov_len;
        used++;
    }
    return used;
}

static long write_parts(int descriptor, const struct iovec *parts, int count, long long offset) {
    // The kernel takes the offset as two words; on 64-bit systems the lower one holds all of it.
    if (offset < 0) return syscall(SYS_writev, descriptor, parts, count);
    return syscall(SYS_pwritev, descriptor, parts, count, offset, 0);
}

static void record(const struct iovec *parts, int count, long bytes) {
    struct iovec written[MAXIMUM_PARTS];
    int used = first_bytes(parts, count, (size_t)bytes, written);
    if (used > 0 && syscall(SYS_writev, data_descriptor, written, used) != bytes)
        complain("the data cannot be written");
    data_length += bytes;
}

// An offset below zero means the file's own position.
static ssize_t write_any(int descriptor, const struct iovec *parts, int count, long long offset) {
    pthread_mutex_lock(&mutex);
    Descriptor *entry = known(descriptor);
    if (!entry) {
        pthread_mutex_unlock(&mutex);
        return write_parts(descriptor, parts, count, offset);
    }
    if (count > MAXIMUM_PARTS) complain("a write has too many parts");
    Call call = {.kind = "write", .descriptor = descriptor, .offset = offset, .path = entry->path, .data = data_length};
    for (int index = 0; index < count; index++) call.length += (long long)parts[index].iov_len;
    if (!begin(&call)) return refuse(&call);
    struct iovec half[MAXIMUM_PARTS];
    if (call.verdict == SHORT) {
        count = first_bytes(parts, count, (size_t)(call.length > 1 ? call.length / 2 : call.length), half);
        parts = half;
    }
    long result = write_parts(descriptor, parts, count, offset);
    int error = errno;
    if (result >= 0) {
        if (offset < 0) call.offset = lseek(descriptor, 0, SEEK_CUR) - result;
        if (data_descriptor >= 0) record(parts, count, result);
    }
    errno = error;
    return end(&call, result);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    return write_any(descriptor, &(struct iovec){(void *)bytes, length}, 1, -1);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return write_any(descriptor, &(struct iovec){(void *)bytes, length}, 1, offset);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    return write_any(descriptor, &(struct iovec){(void *)bytes, length}, 1, offset);
}
ssize_t writev(int descriptor, const struct iovec *parts, int count) { return write_any(descriptor, parts, count, -1); }
ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return write_any(descriptor, parts, count, offset);
}
ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset) {
    return write_any(descriptor, parts, count, offset);
}

// MARK: Calls with a descriptor and without data

static int with_descriptor(const char *kind, long number, int descriptor, long long length) {
    pthread_mutex_lock(&mutex);
    Descriptor *entry = known(descriptor);
    if (!entry) {
        pthread_mutex_unlock(&mutex);
        return (int)syscall(number, descriptor, length);
    }
    if (entry->directory && strcmp(kind, "sync") == 0) kind = "sync-directory";
    Call call = {.kind = kind, .descriptor = descriptor, .length = length, .path = entry->path};
    if (!begin(&call)) return (int)refuse(&call);
    return (int)end(&call, syscall(number, descriptor, length));
}

int fsync(int descriptor) { return with_descriptor("sync", SYS_fsync, descriptor, 0); }
int fdatasync(int descriptor) { return with_descriptor("sync", SYS_fdatasync, descriptor, 0); }
int ftruncate(int descriptor, off_t length) { return with_descriptor("truncate", SYS_ftruncate, descriptor, length); }
int ftruncate64(int descriptor, off64_t length) {
    return with_descriptor("truncate", SYS_ftruncate, descriptor, length);
}

// MARK: Names

static int rename_any(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *old = absolute(from_directory, from, from_buffer), *new = absolute(to_directory, to, to_buffer);
    if (!is_seen(old) && !is_seen(new))
        return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    pthread_mutex_lock(&mutex);
    Call call = {.kind = "rename", .descriptor = -1, .flags = (int)flags, .path = old, .second = new};
    if (!begin(&call)) return (int)refuse(&call);
    return (int)end(&call, syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}

int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return rename_any(from_directory, from, to_directory, to, 0);
}
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    return rename_any(from_directory, from, to_directory, to, flags);
}

static int unlink_any(int directory, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *full = absolute(directory, path, buffer);
    if (!is_seen(full)) return (int)syscall(SYS_unlinkat, directory, path, flags);
    pthread_mutex_lock(&mutex);
    Call call = {.kind = "unlink", .descriptor = -1, .flags = flags, .path = full};
    if (!begin(&call)) return (int)refuse(&call);
    Call intention = call;
    intention.kind = "unlinking";
    intention.verdict = NOTHING;
    append_line(&intention);
    return (int)end(&call, syscall(SYS_unlinkat, directory, path, flags));
}

static int mkdir_any(int directory, const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *full = absolute(directory, path, buffer);
    if (!is_seen(full)) return (int)syscall(SYS_mkdirat, directory, path, mode);
    pthread_mutex_lock(&mutex);
    Call call = {.kind = "mkdir", .descriptor = -1, .flags = (int)mode, .path = full};
    if (!begin(&call)) return (int)refuse(&call);
    return (int)end(&call, syscall(SYS_mkdirat, directory, path, mode));
}

int mkdir(const char *path, mode_t mode) { return mkdir_any(AT_FDCWD, path, mode); }
int mkdirat(int directory, const char *path, mode_t mode) { return mkdir_any(directory, path, mode); }

int unlink(const char *path) { return unlink_any(AT_FDCWD, path, 0); }
int unlinkat(int directory, const char *path, int flags) { return unlink_any(directory, path, flags); }
