/* A provider that is never the bottleneck: one thread, epoll, keep-alive, no allocation per request.
 *
 *     upstream PORT
 *
 * Every request says in its body what it wants, in OpenAI's `user` field, which every contender passes on:
 *     "user": "benchmark answer_bytes=1024"               a whole answer with a body of that size
 *     "user": "benchmark chunks=250 every_us=20000 after_us=2000000"
 *                                                          a stream of that many chunks: the first at once, the second
 *                                                          after a while, so that many streams can be opened before any
 *                                                          of them is work, then one after the other at that distance
 * A chunk's text is "@" and the time it was written at, in ns of the monotonic clock, in 20 digits: the reader on the
 * other side of a gateway learns how long it was on its way.
 */

#define _GNU_SOURCE
#include "loopback.h"
#include <sys/epoll.h>

#define READ_BYTES 65536
#define SMALLEST_BUFFER 4096
/* A stream whose reader lags so far behind loses chunks instead of filling our memory. */
#define MOST_UNSENT_BYTES (256 * 1024)

static const char ANSWER_BEGIN[] =
    "{\"id\":\"chatcmpl-9f3a8a2b7c5d4e1f\",\"object\":\"chat.completion\",\"created\":1763600000,"
    "\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"";
static const char ANSWER_END[] =
    "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":210,"
    "\"completion_tokens\":120,\"total_tokens\":330,\"prompt_tokens_details\":{\"cached_tokens\":0},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"system_fingerprint\":\"fp_44709d6fcb\"}";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    "x-request-id: req_0123456789abcdef\r\n\r\n";
static const char CHUNK[] =
    "data: {\"id\":\"chatcmpl-9f3a8a2b7c5d4e1f\",\"object\":\"chat.completion.chunk\",\"created\":1763600000,"
    "\"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":\"fp_44709d6fcb\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"@%020llu\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
static const char STREAM_END[] =
    "data: {\"id\":\"chatcmpl-9f3a8a2b7c5d4e1f\",\"object\":\"chat.completion.chunk\",\"created\":1763600000,"
    "\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: [DONE]\n\n";

struct buffer {
    char *bytes;
    size_t length, capacity;
};

struct connection {
    struct buffer in, out;
    size_t sent;          /* of `out` */
    size_t wanted;        /* bytes of `in` that the whole request has; 0 while unknown */
    int waits_to_write;   /* the socket was full */
    int streams;          /* whether a stream is going on */
    unsigned long chunks; /* of it, still to send */
    uint64_t after_ns;    /* from the first one to the second; 0 from then on */
    uint64_t every_ns, due_ns;
    int earlier, later;   /* its neighbours in the queue of streams */
};

static struct connection connections[MOST_DESCRIPTORS];
static int epoll;
/* Streams by the time their next chunk is due. Each is put in from the late end, where it nearly always belongs. */
static int first_due = -1, last_due = -1;

static void reserve(struct buffer *buffer, size_t more)
{
    size_t wanted = buffer->length + more;
    if (wanted <= buffer->capacity)
        return;
    buffer->capacity = wanted < SMALLEST_BUFFER ? SMALLEST_BUFFER : wanted * 2;
    buffer->bytes = realloc(buffer->bytes, buffer->capacity);
    if (!buffer->bytes)
        fail("realloc");
}

static void append(struct buffer *buffer, const char *bytes, size_t length)
{
    reserve(buffer, length);
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

static void enqueue(int fd)
{
    struct connection *stream = &connections[fd];
    int before = last_due;
    while (before >= 0 && connections[before].due_ns > stream->due_ns)
        before = connections[before].earlier;
    stream->earlier = before;
    stream->later = before >= 0 ? connections[before].later : first_due;
    *(before >= 0 ? &connections[before].later : &first_due) = fd;
    *(stream->later >= 0 ? &connections[stream->later].earlier : &last_due) = fd;
}

static void dequeue(int fd)
{
    struct connection *stream = &connections[fd];
    *(stream->earlier >= 0 ? &connections[stream->earlier].later : &first_due) = stream->later;
    *(stream->later >= 0 ? &connections[stream->later].earlier : &last_due) = stream->earlier;
}

static void hang_up(int fd)
{
    struct connection *connection = &connections[fd];
    if (connection->streams)
        dequeue(fd);
    free(connection->in.bytes);
    free(connection->out.bytes);
    memset(connection, 0, sizeof *connection);
    close(fd);
}

static void watch(int fd, int also_for_writing)
{
    struct epoll_event event = {.events = EPOLLIN | (also_for_writing ? EPOLLOUT : 0), .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
    connections[fd].waits_to_write = also_for_writing;
}

/* Send what there is. Errors are left to the next read, which meets them too. */
static void flush(int fd)
{
    struct connection *connection = &connections[fd];
    while (connection->sent < connection->out.length) {
        ssize_t sent = send(fd, connection->out.bytes + connection->sent, connection->out.length - connection->sent, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN && !connection->waits_to_write)
                watch(fd, 1);
            return;
        }
        connection->sent += (size_t)sent;
    }
    connection->out.length = connection->sent = 0;
    if (connection->waits_to_write)
        watch(fd, 0);
}

static void answer(struct connection *connection, size_t body_bytes)
{
    static const char letters[] = "the quick brown fox jumps ";
    size_t around = sizeof ANSWER_BEGIN + sizeof ANSWER_END - 2;
    size_t content = body_bytes > around ? body_bytes - around : 1;
    char head[256];
    int length = snprintf(head, sizeof head,
        "HTTP/1.1 200 OK\r\nServer: upstream\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
        "x-request-id: req_0123456789abcdef\r\nopenai-processing-ms: 12\r\n\r\n", around + content);
    append(&connection->out, head, (size_t)length);
    append(&connection->out, ANSWER_BEGIN, sizeof ANSWER_BEGIN - 1);
    reserve(&connection->out, content);
    for (size_t done = 0; done < content; done += sizeof letters - 1) {
        size_t piece = content - done < sizeof letters - 1 ? content - done : sizeof letters - 1;
        memcpy(connection->out.bytes + connection->out.length + done, letters, piece);
    }
    connection->out.length += content;
    append(&connection->out, ANSWER_END, sizeof ANSWER_END - 1);
}

static void append_event(struct buffer *out, const char *event, size_t length)
{
    char size[24];
    append(out, size, (size_t)sprintf(size, "%zx\r\n", length));
    append(out, event, length);
    append(out, "\r\n", 2);
}

static void begin_stream(int fd, unsigned long chunks, unsigned long every_us, unsigned long after_us)
{
    struct connection *connection = &connections[fd];
    append(&connection->out, STREAM_HEAD, sizeof STREAM_HEAD - 1);
    connection->streams = 1;
    connection->chunks = chunks;
    connection->every_ns = every_us * 1000ULL;
    connection->after_ns = after_us * 1000ULL;
    connection->due_ns = now_ns();
    enqueue(fd);
}

static void send_chunk(int fd)
{
    struct connection *connection = &connections[fd];
    dequeue(fd);
    if (connection->out.length < MOST_UNSENT_BYTES) {
        char event[sizeof CHUNK + 32];
        int length = sprintf(event, CHUNK, (unsigned long long)now_ns());
        append_event(&connection->out, event, (size_t)length);
    }
    if (--connection->chunks == 0) {
        append_event(&connection->out, STREAM_END, sizeof STREAM_END - 1);
        append(&connection->out, "0\r\n\r\n", 5);
        connection->streams = 0;
    } else {
        connection->due_ns += connection->after_ns ? connection->after_ns : connection->every_ns;
        connection->after_ns = 0;
        enqueue(fd);
    }
    flush(fd);
}

/* The length of the whole request at the start of `in`; 0 while that is not known. */
static size_t request_length(const struct buffer *in, size_t *body_at)
{
    char *end = memmem(in->bytes, in->length, "\r\n\r\n", 4);
    if (!end)
        return 0;
    *body_at = (size_t)(end - in->bytes) + 4;
    *end = 0; /* so that the searches end with the head */
    char *sized = strcasestr(in->bytes, "\r\ncontent-length:");
    char *chunked = strcasestr(in->bytes, "\r\ntransfer-encoding:");
    *end = '\r';
    if (sized)
        return *body_at + strtoul(sized + 17, NULL, 10);
    if (!chunked)
        return *body_at;
    return in->length >= *body_at + 5 && !memcmp(in->bytes + in->length - 5, "0\r\n\r\n", 5) ? in->length : 0;
}

static void serve_request(int fd)
{
    struct connection *connection = &connections[fd];
    struct buffer *in = &connection->in;
    size_t body_at = 0, length = request_length(in, &body_at);
    connection->wanted = length;
    if (!length || in->length < length)
        return;
    unsigned long answer_bytes = 1024, chunks = 0, every_us = 0, after_us = 0;
    char *wish = memmem(in->bytes + body_at, length - body_at, "benchmark ", 10);
    if (wish && sscanf(wish, "benchmark chunks=%lu every_us=%lu after_us=%lu", &chunks, &every_us, &after_us) == 3)
        begin_stream(fd, chunks, every_us, after_us);
    else {
        if (wish)
            sscanf(wish, "benchmark answer_bytes=%lu", &answer_bytes);
        answer(connection, answer_bytes);
    }
    in->length = connection->wanted = 0; /* nobody here sends the next request before the answer */
    flush(fd);
}

static void read_from(int fd)
{
    struct connection *connection = &connections[fd];
    struct buffer *in = &connection->in;
    reserve(in, in->length ? READ_BYTES : SMALLEST_BUFFER);
    /* One byte stays free for the zero that ends a string. */
    ssize_t got = recv(fd, in->bytes + in->length, in->capacity - in->length - 1, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        hang_up(fd);
        return;
    }
    in->length += (size_t)got;
    in->bytes[in->length] = 0;
    if (in->length >= connection->wanted)
        serve_request(fd);
}

static void accept_all(int listening)
{
    int fd;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MOST_DESCRIPTORS) {
            close(fd);
            continue;
        }
        send_at_once(fd);
        memset(&connections[fd], 0, sizeof connections[fd]);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Milliseconds until the next chunk is due; -1 with none to send. */
static int patience(void)
{
    if (first_due < 0)
        return -1;
    uint64_t now = now_ns(), due = connections[first_due].due_ns;
    return due <= now ? 0 : (int)((due - now) / 1000000);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    begin_program();
    struct sockaddr_in address = loopback(atoi(argv[1]));
    int on = 1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 4096) < 0)
        fail("listen");
    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[512], event = {.events = EPOLLIN, .data.fd = listening};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 512, patience());
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listening)
                accept_all(listening);
            else {
                if (events[i].events & EPOLLOUT)
                    flush(fd);
                if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                    read_from(fd);
            }
        }
        /* What is due within half a millisecond goes now: epoll_wait counts in whole ones. */
        uint64_t until = now_ns() + 500000;
        while (first_due >= 0 && connections[first_due].due_ns <= until)
            send_chunk(first_due);
    }
}
