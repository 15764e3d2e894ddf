/* The fake card's sockets and thread: who is listened to, and whose request is carried out. */
#define _GNU_SOURCE /* setns() */
#include "fake_card_inside.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELLO = 4, UNKNOWN_HOST = 4 };
static const uint32_t stale_window = 1U << 24;

static bool same_address(const struct sockaddr_in *one, const struct sockaddr_in *other) {
    return one->sin_port == other->sin_port && one->sin_addr.s_addr == other->sin_addr.s_addr;
}

/* UDP: deal with what is not to be carried out. Returns the host whose request is, or NULL. */
static struct host *admit(struct fake_card *fake, const struct client *client,
                          const uint8_t *request, size_t size) {
    struct host *host = NULL;
    for (int i = 0; i < CLIENTS && host == NULL; i++)
        if (fake->hosts[i].known && same_address(&fake->hosts[i].address, &client->address))
            host = &fake->hosts[i];
    if (host == NULL && request[3] == HELLO) {
        host = &fake->hosts[fake->next_host++ % CLIENTS];
        *host = (struct host){.address = client->address, .known = true};
        return host;
    }
    if (host == NULL) {
        uint8_t answer[HEADER];
        memcpy(answer, request, HEADER);
        answer[3] |= 0x80;
        put(answer + 8, 0, 2);
        put(answer + 10, UNKNOWN_HOST, 2);
        fake_card_send_whole(client, answer, sizeof answer);
        return NULL;
    }
    const uint32_t behind = (uint32_t)get(host->request + 4, 4) - (uint32_t)get(request + 4, 4);
    if (behind > stale_window)
        return host;
    fake->copies++;
    if (behind == 0 && size == host->request_size && memcmp(request, host->request, size) == 0) {
        /* The answer goes the way of every answer, so that modes count attempts. */
        static _Thread_local uint8_t again[ROOM + 40016];
        memcpy(again, host->answer, size);
        fake_card_send_answer(fake, client, again, size);
    }
    return NULL;
}

/* Serve one datagram of a client. Returns false when the connection has ended. */
static bool serve_client(struct fake_card *fake, struct client client) {
    static _Thread_local uint8_t request[ROOM], answer[ROOM + 40016];
    socklen_t room = sizeof client.address;
    const ssize_t received = recvfrom(client.descriptor, request, sizeof request, 0,
                                      client.address_size == 0 ? NULL : (void *)&client.address,
                                      client.address_size == 0 ? NULL : &room);
    if (received < HEADER)
        return client.address_size > 0; /* on UDP it is only nonsense */
    const size_t size = (size_t)received;
    struct host *host = NULL;
    bool stays = true;
    pthread_mutex_lock(&fake->lock);
    fake->requests++;
    if (request[3] == 3)
        fake->subscriber = client;
    else if (client.address_size > 0 && (host = admit(fake, &client, request, size)) == NULL)
        goto done;
    fake->carried_out++;
    fake_card_make_answer(fake, request, size, answer);
    if (host != NULL) {
        memcpy(host->request, request, size);
        memcpy(host->answer, answer, size);
        host->request_size = size;
    }
    stays = fake_card_send_answer(fake, &client, answer, size);
done:
    pthread_mutex_unlock(&fake->lock);
    return stays;
}

static void accept_client(struct fake_card *fake) {
    const int client = accept(fake->listener, NULL, NULL);
    must(client >= 0, "accept");
    for (int i = 0; i < CLIENTS; i++) {
        if (fake->clients[i] < 0) {
            fake->clients[i] = client;
            return;
        }
    }
    must(false, "too many clients");
}

void *fake_card_serve(void *argument) {
    struct fake_card *fake = argument;
    for (;;) {
        struct pollfd ready[CLIENTS + 2] = {{.fd = fake->wake[0], .events = POLLIN},
                                            {.fd = fake->listener, .events = POLLIN}};
        for (int i = 0; i < CLIENTS; i++) /* poll() leaves a negative descriptor alone */
            ready[i + 2] = (struct pollfd){.fd = fake->clients[i], .events = POLLIN};
        must(poll(ready, CLIENTS + 2, -1) > 0, "poll");
        if (ready[0].revents != 0)
            return NULL;
        for (int i = 0; i < CLIENTS; i++) {
            if (ready[i + 2].revents != 0 &&
                !serve_client(fake, (struct client){.descriptor = fake->clients[i]})) {
                pthread_mutex_lock(&fake->lock); /* nobody sends on what is being closed */
                close(fake->clients[i]);
                if (fake->subscriber.descriptor == fake->clients[i])
                    fake->subscriber.descriptor = -1;
                fake->clients[i] = -1;
                pthread_mutex_unlock(&fake->lock);
            }
        }
        if (ready[1].revents != 0 && fake_card_udp())
            serve_client(fake, (struct client){.descriptor = fake->listener,
                                               .address_size = sizeof(struct sockaddr_in)});
        else if (ready[1].revents != 0)
            accept_client(fake);
    }
}

/* A UDP socket; at the other end of the wire if there is one (scripts/veth_wire.py). A socket stays
 * in the namespace that it was made in. */
static int udp_socket(void) {
    const char *far = getenv("PENNYWIRE_TEST_NETNS");
    if (far == NULL)
        return socket(AF_INET, SOCK_DGRAM, 0);
    const int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    const int there = open(far, O_RDONLY | O_CLOEXEC);
    must(here >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0, far);
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    must(setns(here, CLONE_NEWNET) == 0, "setns");
    close(here);
    close(there);
    return descriptor;
}

static void listen_udp(struct fake_card *fake) {
    const char *wire = getenv("PENNYWIRE_TEST_CARD_IP");
    const char *ip = wire == NULL ? "127.0.0.1" : wire;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(ip)};
    socklen_t size = sizeof name;
    fake->listener = udp_socket();
    must(fake->listener >= 0, "socket");
    must(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0, "bind");
    must(getsockname(fake->listener, (struct sockaddr *)&name, &size) == 0, "getsockname");
    if (fake_card_xdp())
        snprintf(fake->url, sizeof fake->url, "xdp:%s?peer=%s:%u",
                 getenv("PENNYWIRE_TEST_INTERFACE"), ip, ntohs(name.sin_port));
    else
        snprintf(fake->url, sizeof fake->url, "udp:%s:%u", ip, ntohs(name.sin_port));
}

static void listen_unix(struct fake_card *fake, const char *directory) {
    static unsigned number;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length =
        snprintf(name.sun_path, sizeof name.sun_path, "%s/card%u.sock", directory, number++);
    must(length > 0 && (size_t)length < sizeof name.sun_path, "socket path");
    snprintf(fake->url, sizeof fake->url, "unix:%s", name.sun_path);
    fake->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    must(fake->listener >= 0, "socket");
    must(bind(fake->listener, (struct sockaddr *)&name, sizeof name) == 0, name.sun_path);
    must(listen(fake->listener, CLIENTS) == 0, "listen");
}

void fake_card_listen(struct fake_card *fake, const char *directory) {
    if (fake_card_udp())
        listen_udp(fake);
    else
        listen_unix(fake, directory);
}
