/* Stands between a process and one folder's files (LD_PRELOAD), for tests/faults/src/shim.rs.
 *
 * FAULTS_FOLDER   the folder, by its canonical path
 * FAULTS_CONTROL  a file of CONTROL_BYTES, mapped: what to do wrong now, changed while the process runs
 * FAULTS_TRACE    when set, everything that is written below the folder, and when it was synced. A sync is then
 *                 played: what a power cut leaves is for the reader of the trace to say.
 *
 * Invariant: a record follows what it is about, and another thread's record of the same file never comes between.
 * Memory maps are not seen; of SQLite's files that is the shared-memory index, which no power cut leaves anyway. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_BYTES = 64, FDS = 65536 };

enum mode { FINE, FULL, READ_ONLY, WRITE_FAILS, SYNC_FAILS, SLOW };

struct control {
    volatile uint32_t mode;
    volatile uint32_t slow_ms;    /* of each write and sync, when SLOW */
    volatile uint32_t hits;       /* how often we did something wrong */
    volatile uint32_t sync_us;    /* how long a played sync takes */
    volatile char which[16];      /* only files with this in their path; with a $, at its end; empty: all */
};

struct record {
    uint8_t what, nothing[3];
    uint32_t length; /* of what follows */
    uint64_t file, at;
};

/* A file of the folder that is open. The path is never freed: another thread may be looking at it. */
struct open_file {
    uint64_t file;
    const char *path;
};

static struct open_file files[FDS];
static struct control nothing_wrong, *control = &nothing_wrong;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int trace = -1;



__attribute__((constructor)) static void begin(void) {
    const char *value = getenv("FAULTS_FOLDER");
    if (value == NULL || strlen(value) >= sizeof folder) return;
    strcpy(folder, value);
    folder_length = strlen(folder);
    if ((value = getenv("FAULTS_CONTROL")) != NULL) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, value, O_RDWR | O_CLOEXEC);
        void *map = fd < 0 ? MAP_FAILED : mmap(NULL, CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) abort();
        control = map;
        syscall(SYS_close, fd);
    }
    if ((value = getenv("FAULTS_TRACE")) != NULL) {
        trace = (int)syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (trace < 0) abort();
    }
}

static void nap(uint64_t microseconds) {
    struct timespec time = {(time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

/* The path below the folder, when it is there. */
static const char *below(const char *path) {
    if (folder_length == 0 || strncmp(path, folder, folder_length) != 0) return NULL;
    if (path[folder_length] == '\0') return "";
    return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

/* The same for a path that is relative to an open folder. */
static const char *below_at(int dir, const char *path, char *room) {
    if (path[0] == '/' || dir < 0 || dir >= FDS || files[dir].path == NULL) return below(path);
    const char *parent = files[dir].path;
    if (strlen(parent) + strlen(path) + 2 > PATH_MAX) return NULL;
    strcpy(room, parent);
    if (room[0] != '\0') strcat(room, "/");
    return strcat(room, path);
}

static int is_index(const char *path) {
    size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, "-shm") == 0;
}

static void say(char what, uint64_t file, uint64_t at, const void *data, size_t length) {
    if (trace < 0) return;
    struct record record = {(uint8_t)what, {0}, (uint32_t)length, file, at};
    struct iovec parts[2] = {{&record, sizeof record}, {(void *)(uintptr_t)data, length}};
    size_t whole = sizeof record + length;
    if (syscall(SYS_writev, trace, parts, 2) != (long)whole) abort();
}

static int hit(const char *path, uint32_t mode) {
    if (control->mode != mode) return 0;
    char which[sizeof control->which + 1] = {0};
    for (size_t i = 0; i < sizeof control->which; i++) which[i] = control->which[i];
    size_t length = strlen(which), whole = strlen(path);
    if (length > 0 && which[length - 1] == '$') {
        if (whole < --length || strncmp(path + whole - length, which, length) != 0) return 0;
    } else if (strstr(path, which) == NULL) {
        return 0;
    }
    __atomic_fetch_add(&control->hits, 1, __ATOMIC_RELAXED);
    return 1;
}

/* What is wrong with changing this file now: an errno, or nothing. */
static int wrong(const char *path) {
    if (hit(path, SLOW)) nap((uint64_t)control->slow_ms * 1000);
    if (hit(path, FULL)) return ENOSPC;
    if (hit(path, READ_ONLY)) return EROFS;
    if (hit(path, WRITE_FAILS)) return EIO;
    return 0;
}

static struct open_file *of(int fd) {
    return fd >= 0 && fd < FDS && files[fd].path != NULL ? &files[fd] : NULL;
}

/* Open. */

static int opens(int dir, const char *path, int flags, mode_t mode) {
    char room[PATH_MAX];
    const char *inner = below_at(dir, path, room);
    if (inner == NULL || (flags & O_PATH)) return (int)syscall(SYS_openat, dir, path, flags, mode);
    struct stat was, is;
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    pthread_mutex_lock(&turn);
    int existed = fstatat(dir, path, &was, 0) == 0;
    int error = 0;
    /* A file that is there may be opened on a full disk. */
    if (writes && hit(inner, READ_ONLY)) error = EROFS;
    if ((flags & O_CREAT) && !existed && error == 0 && control->mode == FULL) error = wrong(inner);
    int fd = error == 0 ? (int)syscall(SYS_openat, dir, path, flags, mode) : -1;
    if (fd >= 0 && fd < FDS && fstat(fd, &is) == 0) {
        files[fd].file = is.st_ino;
        files[fd].path = strdup(inner);
        if (!is_index(inner)) {
            char what = S_ISDIR(is.st_mode) ? 'P' : existed ? 'O' : 'C';
            say(what, is.st_ino, 0, inner, strlen(inner));
            if (existed && (flags & O_TRUNC)) say('T', is.st_ino, 0, NULL, 0);
        }
    }
    if (error == 0) error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list more) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0;
}

#define OPENS(name)                                                                                                    \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_of(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return opens(AT_FDCWD, path, flags, mode);                                                                     \
    }

#define OPENS_AT(name)                                                                                                 \
    int name(int dir, const char *path, int flags, ...) {                                                              \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = mode_of(flags, more);                                                                            \
        va_end(more);                                                                                                  \
        return opens(dir, path, flags, mode);                                                                          \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

int close(int fd) {
    if (of(fd) != NULL) files[fd].path = NULL;
    return (int)syscall(SYS_close, fd);
}

/* Write. */

/* `at` is where, or -1 for where the file stands. */
static ssize_t writes(int fd, const void *data, size_t length, off64_t at) {
    struct open_file *file = of(fd);
    if (file == NULL) {
        return at < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, at);
    }
    int error = wrong(file->path);
    /* A disk that gets full takes the first half; who asks again is told. */
    if (error == ENOSPC && length > 1 && (control->hits & 1)) error = 0, length /= 2;
    if (error != 0) {
        errno = error;
        return -1;
    }
    pthread_mutex_lock(&turn);
    ssize_t done;
    if (at < 0) {
        done = syscall(SYS_write, fd, data, length);
        at = done < 0 ? 0 : syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
    } else {
        done = syscall(SYS_pwrite64, fd, data, length, at);
    }
    error = errno;
    if (done > 0 && !is_index(file->path)) say('W', file->file, (uint64_t)at, data, (size_t)done);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return writes(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return writes(fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return writes(fd, data, length, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    /* Fewer bytes than asked for is an answer that every caller understands. */
    if (of(fd) != NULL && count > 0) return writes(fd, parts[0].iov_base, parts[0].iov_len, -1);
    return syscall(SYS_writev, fd, parts, count);
}

/* Copies that the kernel makes: the caller goes back to reading and writing. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    if (of(out) == NULL) return syscall(SYS_copy_file_range, in, from, out, to, length, flags);
    errno = ENOSYS;
    return -1;
}

ssize_t sendfile64(int out, int in, off64_t *from, size_t length) {
    if (of(out) == NULL) return syscall(SYS_sendfile, out, in, from, length);
    errno = ENOSYS;
    return -1;
}

static int truncates(int fd, off64_t length) {
    struct open_file *file = of(fd);
    if (file == NULL) return (int)syscall(SYS_ftruncate, fd, length);
    int error = wrong(file->path);
    struct stat is;
    /* A full disk lets a file become shorter. */
    if (error == ENOSPC && fstat(fd, &is) == 0 && length <= is.st_size) error = 0;
    if (error != 0) {
        errno = error;
        return -1;
    }
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_ftruncate, fd, length);
    error = errno;
    if (done == 0 && !is_index(file->path)) say('T', file->file, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t length) { return truncates(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncates(fd, length); }

/* Nobody needs these to succeed, and none of them is traced. */
int fallocate64(int fd, int mode, off64_t at, off64_t length) {
    if (of(fd) == NULL) return (int)syscall(SYS_fallocate, fd, mode, at, length);
    errno = EOPNOTSUPP;
    return -1;
}

int fallocate(int fd, int mode, off_t at, off_t length) { return fallocate64(fd, mode, at, length); }

/* Sync. */

static int syncs(int fd, long number) {
    static uint64_t tokens;
    struct open_file *file = of(fd);
    if (file == NULL) return (int)syscall(number, fd);
    if (hit(file->path, SLOW)) nap((uint64_t)control->slow_ms * 1000);
    int fails = hit(file->path, SYNC_FAILS);
    if (trace < 0) {
        if (!fails) return (int)syscall(number, fd);
        errno = EIO;
        return -1;
    }
    pthread_mutex_lock(&turn);
    uint64_t token = ++tokens;
    say('B', file->file, token, NULL, 0);
    pthread_mutex_unlock(&turn);
    nap(control->sync_us);
    pthread_mutex_lock(&turn);
    say(fails ? 'F' : 'S', file->file, token, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = EIO;
    return fails ? -1 : 0;
}

int fsync(int fd) { return syncs(fd, SYS_fsync); }
int fdatasync(int fd) { return syncs(fd, SYS_fdatasync); }

/* Names. */

static int renames(const char *from, const char *to) {
    const char *inner = below(from), *outer = below(to);
    if (inner == NULL || outer == NULL) return (int)syscall(SYS_rename, from, to);
    int error = hit(inner, READ_ONLY) ? EROFS : 0;
    pthread_mutex_lock(&turn);
    int done = error == 0 ? (int)syscall(SYS_rename, from, to) : -1;
    if (error == 0) error = errno;
    if (done == 0) {
        char both[2 * PATH_MAX];
        size_t first = strlen(inner) + 1, second = strlen(outer);
        memcpy(both, inner, first);
        memcpy(both + first, outer, second);
        say('R', 0, 0, both, first + second);
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int rename(const char *from, const char *to) { return renames(from, to); }

/* `number` is that of a call that takes a folder, a path and `argument`. */
static int names(char what, int dir, const char *path, long number, long argument) {
    char room[PATH_MAX];
    const char *inner = below_at(dir, path, room);
    if (inner == NULL) return (int)syscall(number, dir, path, argument);
    int error = hit(inner, READ_ONLY) ? EROFS : what == 'M' && hit(inner, FULL) ? ENOSPC : 0;
    pthread_mutex_lock(&turn);
    int done = error == 0 ? (int)syscall(number, dir, path, argument) : -1;
    if (error == 0) error = errno;
    if (done == 0 && !is_index(inner)) say(what, 0, 0, inner, strlen(inner));
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int mkdir(const char *path, mode_t mode) { return names('M', AT_FDCWD, path, SYS_mkdirat, (long)mode); }
int unlink(const char *path) { return names('U', AT_FDCWD, path, SYS_unlinkat, 0); }
int rmdir(const char *path) { return names('U', AT_FDCWD, path, SYS_unlinkat, AT_REMOVEDIR); }
int unlinkat(int dir, const char *path, int flags) { return names('U', dir, path, SYS_unlinkat, flags); }
