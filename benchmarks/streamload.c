/* Holds many streams open, and measures what arrives on them.
 *
 *     streamload PORT STREAMS OPENED_PER_SECOND SETTLE_SECONDS SECONDS REQUEST_FILE
 *
 * Three lines on standard output: {"event": "open"} when every stream has brought its first chunk and SETTLE_SECONDS more
 * have gone by, {"event": "measured", …} after another SECONDS, with what came in them, and {"event": "closed"}. Between the last two the streams stay open until
 * standard input ends, so that somebody can look at the process that serves them.
 * A chunk is the upstream's mark: "@ and the 20 digits of the time at which it was written.
 */

#define _GNU_SOURCE
#include "loopback.h"
#include <sys/epoll.h>

#define READ_BYTES 65536
#define MARK_BYTES 22 /* "@ and 20 digits */
#define PATIENCE_SECONDS 15 /* for the first chunks */

struct stream {
    uint64_t began_ns, last_chunk_ns;
    char tail[MARK_BYTES]; /* of what came last: a mark may be cut in two */
    size_t tail_length;
    int has_head, has_content;
};

static struct stream streams[MOST_DESCRIPTORS];
static int epoll, port, open_count, failed_count;
static int is_measuring;
static const char *request;
static size_t request_length;
static unsigned long chunks, errors;
static struct samples first_bytes, delays, gaps;
static char first_error[256];

static void note_error(const char *what)
{
    if (!errors++)
        snprintf(first_error, sizeof first_error, "%.200s", what);
    failed_count++;
}

static void open_stream(void)
{
    int fd = connect_to(port);
    if (fd < 0) {
        note_error("connection refused");
        return;
    }
    memset(&streams[fd], 0, sizeof streams[fd]);
    streams[fd].began_ns = now_ns();
    if (send(fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) {
        close(fd);
        note_error("the request could not be sent");
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void note_chunk(struct stream *stream, uint64_t written_ns, uint64_t now)
{
    if (!stream->has_content) {
        stream->has_content = 1;
        open_count++;
        add_sample(&first_bytes, now - stream->began_ns);
    } else if (is_measuring)
        add_sample(&gaps, now - stream->last_chunk_ns);
    stream->last_chunk_ns = now;
    if (is_measuring) {
        chunks++;
        add_sample(&delays, now > written_ns ? now - written_ns : 0);
    }
}

/* Count the marks in `bytes`; returns where the last whole one ended. */
static char *take_marks(struct stream *stream, char *bytes, char *end, uint64_t now)
{
    char *mark;
    while ((mark = memmem(bytes, (size_t)(end - bytes), "\"@", 2)) && end - mark >= MARK_BYTES) {
        note_chunk(stream, strtoull(mark + 2, NULL, 10), now);
        bytes = mark + MARK_BYTES;
    }
    return bytes;
}

static void end_stream(int fd, const char *why)
{
    if (streams[fd].has_content)
        open_count--;
    note_error(why);
    close(fd);
}

static void read_from(int fd)
{
    static char bytes[MARK_BYTES + READ_BYTES + 1];
    struct stream *stream = &streams[fd];
    memcpy(bytes, stream->tail, stream->tail_length);
    ssize_t got = recv(fd, bytes + stream->tail_length, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        end_stream(fd, "a stream ended too early");
        return;
    }
    char *end = bytes + stream->tail_length + got;
    *end = 0;
    if (!stream->has_head && strncmp(bytes, "HTTP/1.1 200", 12)) {
        end_stream(fd, bytes);
        return;
    }
    stream->has_head = 1;
    char *rest = take_marks(stream, bytes, end, now_ns());
    /* One byte less than a mark: a whole one was counted above. */
    size_t left = (size_t)(end - rest);
    stream->tail_length = left < MARK_BYTES - 1 ? left : MARK_BYTES - 1;
    memcpy(stream->tail, end - stream->tail_length, stream->tail_length);
}

/* Returns whether standard input has ended. */
static int take_events(int patience_ms)
{
    struct epoll_event events[512];
    int is_dismissed = 0, count = epoll_wait(epoll, events, 512, patience_ms);
    for (int i = 0; i < count; i++)
        if (events[i].data.fd == STDIN_FILENO)
            is_dismissed = 1;
        else
            read_from(events[i].data.fd);
    return is_dismissed;
}

static void open_all(int wanted, double per_second)
{
    uint64_t began = now_ns();
    uint64_t gives_up = began + (uint64_t)(wanted / per_second * 1e9) + PATIENCE_SECONDS * SECOND_NS;
    for (int opened = 0; opened < wanted || open_count + failed_count < wanted;) {
        uint64_t now = now_ns();
        if (now > gives_up)
            break;
        while (opened < wanted && now >= began + (uint64_t)(opened / per_second * 1e9)) {
            open_stream();
            opened++;
        }
        if (take_events(1))
            exit(0);
    }
    if (open_count + failed_count < wanted)
        note_error("a stream brought nothing in time");
}

/* Returns whether standard input has ended before. */
static int take_events_for(double seconds)
{
    uint64_t ends = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < ends)
        if (take_events(10))
            return 1;
    return 0;
}

static void say_measured(double seconds)
{
    sort_samples(&first_bytes);
    sort_samples(&delays);
    sort_samples(&gaps);
    for (char *c = first_error; *c; c++)
        if (*c < ' ' || *c == '"' || *c == '\\')
            *c = ' ';
    printf("{\"event\": \"measured\", \"streams\": %d, \"chunks\": %lu, \"errors\": %lu, \"seconds\": %.6f, "
           "\"first_byte_p50_us\": %u, \"first_byte_p99_us\": %u, \"delay_p50_us\": %u, \"delay_p99_us\": %u, "
           "\"gap_p50_us\": %u, \"gap_p99_us\": %u, \"first_error\": \"%s\"}\n",
           open_count, chunks, errors, seconds, percentile(&first_bytes, 0.5), percentile(&first_bytes, 0.99),
           percentile(&delays, 0.5), percentile(&delays, 0.99), percentile(&gaps, 0.5), percentile(&gaps, 0.99), first_error);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 7)
        return 2;
    begin_program();
    port = atoi(argv[1]);
    request = read_request(argv[6], &request_length);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    open_all(atoi(argv[2]), atof(argv[3]));
    if (take_events_for(atof(argv[4])))
        return 0;
    puts("{\"event\": \"open\"}");
    fflush(stdout);
    is_measuring = 1;
    uint64_t began = now_ns();
    if (take_events_for(atof(argv[5])))
        return 0;
    is_measuring = 0;
    say_measured((double)(now_ns() - began) / 1e9);
    while (!take_events(100))
        ;
    puts("{\"event\": \"closed\"}");
    return 0;
}
