/* Sends one request over and over, on connections that are kept, and measures how long whole answers take.
 *
 *     requestload PORT CONNECTIONS SECONDS MOST_REQUESTS REQUESTS_PER_SECOND REQUEST_FILE
 *                 [OTHER_FILE OTHER_PERCENT LEAVE_PERCENT SEED]
 *
 * It ends after SECONDS or MOST_REQUESTS (0: no limit), whichever is first, once all answers under way are here.
 * REQUESTS_PER_SECOND 0: each connection sends as soon as it has its answer. Else requests are sent at that even rate, and
 * each one's time counts from the moment at which it was due, so that a stall counts for all that had to wait for it.
 * Of all requests, OTHER_PERCENT are the one in OTHER_FILE, and LEAVE_PERCENT are left alone by their client: it hangs up at a
 * random moment before the answer is whole, for every fifth of them before the request is; one half with a FIN, the other with
 * a reset. An answer that was faster than its client's leaving passes it on to the next request.
 * The result is one line of JSON.
 */

#define _GNU_SOURCE
#include "loopback.h"
#include <sys/epoll.h>
#include <sys/timerfd.h>

#define READ_BYTES (256 * 1024)
#define HEAD_BYTES 8192
#define PATIENCE_SECONDS 10 /* for the last answers */
#define MOST_ERRORS 1000    /* then going on would tell nothing */
#define KINDS 2
#define FIRST_GUESS_NS 5000000.0 /* of how long an answer takes */
#define OF_NEWEST 0.05           /* what the newest answer counts in the mean */

struct request {
    const char *bytes;
    size_t length;
    double mean_ns; /* that its answer takes */
};

struct connection {
    struct request *request;
    size_t to_send, sent; /* of the request; less than all of it where the client leaves in between */
    uint64_t leaves_ns;   /* 0: it stays */
    char head[HEAD_BYTES];
    size_t head_length;
    int has_head, is_chunked, is_busy;
    size_t body_left;     /* of a body with a length */
    char tail[5];         /* the last bytes of a chunked body */
    uint64_t began_ns;
};

static struct connection connections[MOST_DESCRIPTORS];
static int idle[MOST_DESCRIPTORS], idle_count;
static int epoll, timer, port, busy_count, highest;
static struct request kinds[KINDS];
static uint64_t began_ns, ends_ns;
static unsigned long most_requests, sent_count, errors, left_count, to_leave_count;
static double other_share, leave_share;
static double rate;
static struct samples latencies;
static char first_error[256];

static void note_error(const char *what)
{
    if (!errors++)
        snprintf(first_error, sizeof first_error, "%.200s", what);
}

static void open_connection(void)
{
    int fd = connect_to(port);
    if (fd < 0) {
        note_error("connection refused");
        return;
    }
    memset(&connections[fd], 0, sizeof connections[fd]);
    highest = fd > highest ? fd : highest;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    idle[idle_count++] = fd;
}

static void set_free(int fd)
{
    connections[fd].is_busy = 0;
    busy_count--;
    idle[idle_count++] = fd;
}

static void replace(int fd, const char *error)
{
    if (connections[fd].is_busy) {
        note_error(error);
        busy_count--;
    } else
        for (int i = 0; i < idle_count; i++)
            if (idle[i] == fd)
                idle[i--] = idle[--idle_count];
    close(fd);
    open_connection();
}

static void send_rest(int fd)
{
    struct connection *connection = &connections[fd];
    size_t left = connection->to_send - connection->sent;
    ssize_t sent = send(fd, connection->request->bytes + connection->sent, left, MSG_NOSIGNAL);
    if (sent > 0)
        connection->sent += (size_t)sent;
    int is_blocked = connection->sent < connection->to_send;
    /* Errors are met again by the next read. */
    struct epoll_event event = {.events = EPOLLIN | (is_blocked ? EPOLLOUT : 0), .data.fd = fd};
    if (is_blocked || (size_t)sent < left)
        epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

static void choose_what_it_is(struct connection *connection)
{
    connection->request = &kinds[drand48() < other_share];
    connection->to_send = connection->request->length;
    connection->leaves_ns = 0;
    if (leave_share && drand48() < leave_share)
        to_leave_count++;
    if (!to_leave_count)
        return;
    to_leave_count--;
    connection->leaves_ns = now_ns() + (uint64_t)(drand48() * connection->request->mean_ns);
    if (drand48() < 0.2)
        connection->to_send = (size_t)(drand48() * (double)connection->request->length);
}

static void begin_request(uint64_t counts_from_ns)
{
    int fd = idle[--idle_count];
    struct connection *connection = &connections[fd];
    choose_what_it_is(connection);
    connection->sent = connection->head_length = connection->body_left = 0;
    connection->has_head = connection->is_chunked = 0;
    memset(connection->tail, 0, sizeof connection->tail);
    connection->is_busy = 1;
    connection->began_ns = counts_from_ns;
    busy_count++;
    sent_count++;
    send_rest(fd);
}

static int may_begin(uint64_t now)
{
    return idle_count && now < ends_ns && (!most_requests || sent_count < most_requests) && errors < MOST_ERRORS;
}

static uint64_t next_due_ns(void)
{
    return began_ns + (uint64_t)((double)sent_count / rate * 1e9);
}

static void begin_what_is_due(void)
{
    uint64_t now;
    while (may_begin(now = now_ns())) {
        if (!rate) {
            begin_request(now);
            continue;
        }
        uint64_t due = next_due_ns();
        if (due > now) {
            struct itimerspec at = {.it_value = {(time_t)(due / SECOND_NS), (long)(due % SECOND_NS)}};
            timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
            return;
        }
        begin_request(due);
    }
}

/* Read the head when it is whole. Returns how many of `length` new bytes belong to it; -1 for an answer that is none. */
static ssize_t take_head(struct connection *connection, const char *bytes, size_t length)
{
    size_t room = HEAD_BYTES - 1 - connection->head_length, taken = length < room ? length : room;
    size_t before = connection->head_length;
    memcpy(connection->head + before, bytes, taken);
    connection->head_length += taken;
    connection->head[connection->head_length] = 0;
    char *end = memmem(connection->head, connection->head_length, "\r\n\r\n", 4);
    if (!end)
        return taken < length ? -1 : (ssize_t)length;
    connection->has_head = 1;
    size_t head_length = (size_t)(end - connection->head) + 4;
    *end = 0;
    if (strncmp(connection->head, "HTTP/1.1 200", 12))
        return -1;
    char *sized = strcasestr(connection->head, "\r\ncontent-length:");
    connection->is_chunked = !sized;
    connection->body_left = sized ? strtoul(sized + 17, NULL, 10) : 0;
    return (ssize_t)(head_length - before);
}

/* Whether the answer is complete with these bytes of its body. */
static int take_body(struct connection *connection, const char *bytes, size_t length)
{
    if (!connection->is_chunked) {
        connection->body_left -= length < connection->body_left ? length : connection->body_left;
        return connection->body_left == 0;
    }
    size_t kept = sizeof connection->tail;
    if (length >= kept)
        memcpy(connection->tail, bytes + length - kept, kept);
    else {
        memmove(connection->tail, connection->tail + length, kept - length);
        memcpy(connection->tail + kept - length, bytes, length);
    }
    return !memcmp(connection->tail, "0\r\n\r\n", kept);
}

static void read_from(int fd)
{
    static char bytes[READ_BYTES];
    struct connection *connection = &connections[fd];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        replace(fd, "the connection was closed before the answer was complete");
        return;
    }
    size_t of_head = 0;
    if (!connection->has_head) {
        ssize_t taken = take_head(connection, bytes, (size_t)got);
        if (taken < 0) {
            replace(fd, connection->head);
            return;
        }
        of_head = (size_t)taken;
    }
    if (!connection->has_head || !take_body(connection, bytes + of_head, (size_t)got - of_head))
        return;
    uint64_t took_ns = now_ns() - connection->began_ns;
    add_sample(&latencies, took_ns);
    connection->request->mean_ns += OF_NEWEST * ((double)took_ns - connection->request->mean_ns);
    to_leave_count += connection->leaves_ns != 0;
    set_free(fd);
}

static void leave(int fd)
{
    if (drand48() < 0.5) {
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    left_count++;
    busy_count--;
    close(fd);
    open_connection();
}

static void leave_what_is_due(void)
{
    if (!leave_share)
        return;
    uint64_t now = now_ns();
    for (int fd = 0; fd <= highest; fd++)
        if (connections[fd].is_busy && connections[fd].leaves_ns && connections[fd].leaves_ns <= now)
            leave(fd);
}

static void take_events(int count, const struct epoll_event *events)
{
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (fd == timer) {
            uint64_t times;
            if (read(timer, &times, sizeof times) < 0)
                continue;
        } else {
            if (events[i].events & EPOLLOUT)
                send_rest(fd);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                read_from(fd);
        }
    }
}

static void say(double seconds)
{
    sort_samples(&latencies);
    for (char *c = first_error; *c; c++)
        if (*c < ' ' || *c == '"' || *c == '\\')
            *c = ' ';
    printf("{\"requests\": %zu, \"left\": %lu, \"errors\": %lu, \"seconds\": %.6f, \"p50_us\": %u, \"p90_us\": %u, \"p99_us\": %u, "
           "\"max_us\": %u, \"first_error\": \"%s\"}\n",
           latencies.count, left_count, errors, seconds, percentile(&latencies, 0.5), percentile(&latencies, 0.9),
           percentile(&latencies, 0.99), percentile(&latencies, 1), first_error);
}

int main(int argc, char **argv)
{
    if (argc != 7 && argc != 11)
        return 2;
    begin_program();
    port = atoi(argv[1]);
    int wanted = atoi(argv[2]);
    most_requests = strtoul(argv[4], NULL, 10);
    rate = atof(argv[5]);
    for (int kind = 0; kind < KINDS; kind++) {
        kinds[kind].bytes = read_request(argv[kind && argc == 11 ? 7 : 6], &kinds[kind].length);
        kinds[kind].mean_ns = FIRST_GUESS_NS;
    }
    if (argc == 11) {
        other_share = atof(argv[8]) / 100;
        leave_share = atof(argv[9]) / 100;
        srand48(atol(argv[10]));
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = timer};
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    for (int i = 0; i < wanted; i++)
        open_connection();
    began_ns = now_ns();
    ends_ns = began_ns + (uint64_t)(atof(argv[3]) * 1e9);
    for (;;) {
        begin_what_is_due();
        uint64_t now = now_ns();
        int is_over = now >= ends_ns || (most_requests && sent_count >= most_requests) || errors >= MOST_ERRORS;
        if (is_over && (!busy_count || now > ends_ns + PATIENCE_SECONDS * SECOND_NS))
            break;
        take_events(epoll_wait(epoll, events, 256, leave_share ? 1 : 20), events);
        leave_what_is_due();
    }
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    while (busy_count-- > 0)
        note_error("no answer in time");
    say(seconds);
    return 0;
}
