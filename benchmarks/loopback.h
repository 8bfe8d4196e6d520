/* What the three programs share: the clock, sockets on loopback, percentiles, and not outliving who started us. */

#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_DESCRIPTORS 65536

static const uint64_t SECOND_NS = 1000000000ULL;

static inline uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* A benchmark that was killed leaves nothing running; timers fire when they are due and not 50 us later. */
static inline void begin_program(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGPIPE, SIG_IGN);
}

static inline struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static inline void send_at_once(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* A connected, non-blocking socket, or -1. */
static inline int connect_to(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || fd >= MOST_DESCRIPTORS || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    send_at_once(fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Durations in microseconds, as many as come. */
struct samples {
    uint32_t *values;
    size_t count, capacity;
};

static inline void add_sample(struct samples *samples, uint64_t duration_ns)
{
    if (samples->count == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : 65536;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (!samples->values)
            fail("realloc");
    }
    samples->values[samples->count++] = (uint32_t)(duration_ns / 1000);
}

static inline int compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static inline void sort_samples(struct samples *samples)
{
    if (samples->count)
        qsort(samples->values, samples->count, sizeof *samples->values, compare_samples);
}

/* Of sorted samples; 0 when there are none. */
static inline uint32_t percentile(const struct samples *samples, double share)
{
    return samples->count ? samples->values[(size_t)((double)(samples->count - 1) * share)] : 0;
}

/* The whole request as it goes over the wire, made by the Python side. */
static inline char *read_request(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(path);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *request = malloc(*length + 1);
    if (!request || fread(request, 1, *length, file) != *length)
        fail(path);
    fclose(file);
    return request;
}

#endif
