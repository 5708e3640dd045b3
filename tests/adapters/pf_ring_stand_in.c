/* A stand-in for PF_RING, only for tests: libpfring's entry points over AF_PACKET, our own code.
 *
 * It can't forward any faster than AF_PACKET; it is here to fail as PF_RING 8.9 was seen to fail:
 *   - refers to libpcap, so that loading it with RTLD_NOW fails;
 *   - opening gives nothing and EAFNOSUPPORT without the module, EINVAL without the device, EPERM
 *     for those who may not;
 *   - before pfring_enable_ring, receiving gives -12; the socket mode can't be set any more after;
 *   - a frame received without a copy is there until the next receive only: it is wiped then;
 *   - without a copy from a reentrant ring gives -2, a burst -7;
 *   - the descriptor is readable once the watermark's number of frames waits: 128, unless set;
 *   - asked for one direction only, without force_ring_lock, the ring wedges: all is dropped;
 *   - what is longer than caplen comes cut, and says so;
 *   - tags are in the frame; nothing marks a partial checksum;
 *   - of a deleted device nothing is heard; pfring_bind revives the ring.
 *
 * LVRM_STAND_IN, words separated by commas: no_module, force_ring_lock; and for any device but lo
 * not_permitted, no_device, no_room. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SLOTS = 4096, WEDGES_AFTER = 500, WATERMARK = 128, SHORT_HEADER = 48, LONG_HEADER = 209 };
enum { REENTRANT = 2, LONG = 4, PROMISC = 8 };

struct pfring_pkthdr {
  uint8_t ts[16];
  uint32_t caplen, len;
  uint64_t timestamp_ns;
  uint32_t flags;
  uint8_t rx_direction;
  uint8_t pad[3];
  int32_t if_index;
  uint32_t hash;
  uint8_t parsed[LONG_HEADER - SHORT_HEADER];
} __attribute__((packed));
_Static_assert(sizeof(struct pfring_pkthdr) == LONG_HEADER, "layout");

struct slot {
  uint32_t caplen, len;
  uint8_t from_device;
  uint8_t bytes[]; /* caplen of the ring */
};

typedef struct pfring {
  int fd, ready_fd, ifindex;
  uint32_t flags, caplen;
  uint8_t *slots;
  pthread_t thread;
  pthread_mutex_t lock;
  uint64_t inserted, read, dropped, arrived; /* under the lock */
  int lent;                                  /* a frame is the caller's */
  int started, enabled, stopping;
  unsigned direction, watermark;
} pfring;

/* PF_RING's library calls libpcap's; nobody calls this. */
extern int bpf_filter(void *, const uint8_t *, unsigned, unsigned);
int pfring_stand_in_refers_to_libpcap(void) { return bpf_filter(0, 0, 0, 0); }

static int told(const char *word) {
  const char *words = getenv("LVRM_STAND_IN");
  return words != NULL && strstr(words, word) != NULL;
}

static struct slot *slot_at(pfring *ring, uint64_t number) {
  return (struct slot *)(ring->slots + number % SLOTS * (sizeof(struct slot) + ring->caplen));
}

/* The descriptor says whether the watermark is reached; under the lock. */
static void tell(pfring *ring) {
  uint64_t value = 1;
  if (ring->inserted - ring->read >= ring->watermark)
    (void)!write(ring->ready_fd, &value, sizeof value);
  else
    (void)!read(ring->ready_fd, &value, sizeof value);
}

/* What the kernel took out of the frame is put back. Returns the new length. */
static ssize_t put_tag(struct msghdr *message, uint8_t *frame, ssize_t length) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
    struct tpacket_auxdata aux;
    if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
    memcpy(&aux, CMSG_DATA(c), sizeof aux);
    if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) continue;
    uint16_t tag[2] = {htons(aux.tp_vlan_tpid), htons(aux.tp_vlan_tci)};
    memmove(frame + 16, frame + 12, length - 12);
    memcpy(frame + 12, tag, 4);
    return length + 4;
  }
  return length;
}

static void insert(pfring *ring, const uint8_t *frame, uint32_t length, int from_device) {
  if (ring->direction == 1 && !from_device) return;
  if (ring->direction == 2 && from_device) return;
  pthread_mutex_lock(&ring->lock);
  ring->arrived++;
  int wedged = ring->direction == 1 && !told("force_ring_lock") && ring->arrived > WEDGES_AFTER;
  if (wedged || ring->inserted - ring->read + ring->lent >= SLOTS) {
    ring->dropped++;
  } else {
    struct slot *slot = slot_at(ring, ring->inserted++);
    slot->caplen = length < ring->caplen ? length : ring->caplen;
    slot->len = length;
    slot->from_device = from_device;
    memcpy(slot->bytes, frame, slot->caplen);
    tell(ring);
  }
  pthread_mutex_unlock(&ring->lock);
}

/* Plays the kernel's part. */
static void *deliver(void *argument) {
  static __thread uint8_t frame[66000];
  pfring *ring = argument;
  while (!__atomic_load_n(&ring->stopping, __ATOMIC_ACQUIRE)) {
    struct pollfd waiting = {.fd = ring->fd, .events = POLLIN};
    struct sockaddr_ll from;
    uint8_t control[128];
    struct iovec into = {frame, sizeof frame - 4};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &into,
                             .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    if (poll(&waiting, 1, 20) <= 0) continue;
    ssize_t length = recvmsg(ring->fd, &message, MSG_DONTWAIT);
    if (length < 14 || !__atomic_load_n(&ring->enabled, __ATOMIC_ACQUIRE)) continue;
    length = put_tag(&message, frame, length);
    insert(ring, frame, length, from.sll_pkttype != PACKET_OUTGOING);
  }
  return NULL;
}

static int bind_to(pfring *ring, const char *device) {
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = *device == 0 ? 0 : if_nametoindex(device);
  if (*device != 0 && address.sll_ifindex == 0) {
    errno = EINVAL;
    return -1;
  }
  ring->ifindex = address.sll_ifindex;
  return bind(ring->fd, (struct sockaddr *)&address, sizeof address);
}

void pfring_close(pfring *ring) {
  __atomic_store_n(&ring->stopping, 1, __ATOMIC_RELEASE);
  if (ring->started) pthread_join(ring->thread, NULL);
  close(ring->fd);
  close(ring->ready_fd);
  free(ring->slots);
  free(ring);
}

pfring *pfring_open(const char *device, uint32_t caplen, uint32_t flags) {
  if (told("no_module")) {
    errno = EAFNOSUPPORT;
    return NULL;
  }
  if (strcmp(device, "lo") != 0) {
    errno = told("not_permitted") ? EPERM
            : told("no_device")   ? EINVAL
            : told("no_room")     ? ENOMEM
                                  : 0;
    if (errno != 0) return NULL;
  }
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0) return NULL; /* EPERM */
  pfring *ring = calloc(1, sizeof *ring);
  int on = 1, bytes = 16 << 20;
  *ring = (pfring){.fd = fd, .flags = flags, .caplen = caplen, .watermark = WATERMARK,
                   .ready_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                   .slots = calloc(SLOTS, sizeof(struct slot) + caplen)};
  pthread_mutex_init(&ring->lock, NULL);
  setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  if (bind_to(ring, device) < 0) {
    int because = errno;
    pfring_close(ring);
    errno = because;
    return NULL;
  }
  struct packet_mreq promiscuous = {.mr_ifindex = ring->ifindex, .mr_type = PACKET_MR_PROMISC};
  if (flags & PROMISC)
    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
  return ring;
}

int pfring_bind(pfring *ring, char *device) { return bind_to(ring, device); }

int pfring_enable_ring(pfring *ring) {
  __atomic_store_n(&ring->enabled, 1, __ATOMIC_RELEASE);
  if (ring->started) return 0;
  ring->started = pthread_create(&ring->thread, NULL, deliver, ring) == 0;
  return ring->started ? 0 : -1;
}

int pfring_disable_ring(pfring *ring) {
  __atomic_store_n(&ring->enabled, 0, __ATOMIC_RELEASE);
  return 0;
}

int pfring_poll(pfring *ring, unsigned ms) {
  struct pollfd waiting = {.fd = ring->ready_fd, .events = POLLIN};
  return poll(&waiting, 1, (int)ms);
}

int pfring_recv(pfring *ring, uint8_t **buffer, unsigned buffer_len, struct pfring_pkthdr *header,
                uint8_t wait) {
  if (!__atomic_load_n(&ring->enabled, __ATOMIC_ACQUIRE)) return -12;
  if (buffer_len == 0 && ring->flags & REENTRANT) return -2;
  if (wait) pfring_poll(ring, 1000);
  pthread_mutex_lock(&ring->lock);
  if (ring->lent) /* it was good until now */
    memset(slot_at(ring, ring->read - 1)->bytes, 0xdb, slot_at(ring, ring->read - 1)->caplen);
  ring->lent = 0;
  int got = ring->inserted != ring->read;
  if (got) {
    struct slot *slot = slot_at(ring, ring->read++);
    ring->lent = 1;
    memset(header, 0, ring->flags & LONG ? LONG_HEADER : SHORT_HEADER);
    header->caplen = slot->caplen; /* not cut to a smaller buffer */
    header->len = slot->len;
    header->rx_direction = slot->from_device;
    header->if_index = ring->ifindex;
    if (buffer_len == 0)
      *buffer = slot->bytes;
    else
      memcpy(*buffer, slot->bytes, slot->caplen < buffer_len ? slot->caplen : buffer_len);
  }
  tell(ring);
  pthread_mutex_unlock(&ring->lock);
  return got;
}

int pfring_recv_burst(pfring *ring, void *packets, uint8_t count, uint8_t wait) {
  return (void)ring, (void)packets, (void)count, (void)wait, -7;
}

int pfring_send(pfring *ring, char *frame, unsigned length, uint8_t flush) {
  (void)flush;
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ring->ifindex};
  ssize_t sent = sendto(ring->fd, frame, length, 0, (struct sockaddr *)&to, sizeof to);
  return sent >= 0 ? (int)sent : errno == EMSGSIZE ? -2 : -1;
}

int pfring_get_selectable_fd(pfring *ring) { return ring->ready_fd; }

int pfring_set_poll_watermark(pfring *ring, uint16_t frames) {
  ring->watermark = frames;
  return 0;
}

int pfring_set_direction(pfring *ring, unsigned direction) {
  if (direction > 2) return -1;
  ring->direction = direction;
  return 0;
}

int pfring_set_socket_mode(pfring *ring, unsigned mode) {
  return mode > 2 || ring->started ? -1 : 0;
}

int pfring_set_application_name(pfring *ring, char *name) { return (void)ring, (void)name, 0; }

int pfring_set_cluster(pfring *ring, unsigned id, unsigned type) {
  return (void)ring, (void)id, (void)type, 0;
}

int pfring_stats(pfring *ring, uint64_t *counts) { /* recv, drop; shunt is left as it is */
  struct tpacket_stats lost = {0};
  socklen_t bytes = sizeof lost;
  getsockopt(ring->fd, SOL_PACKET, PACKET_STATISTICS, &lost, &bytes); /* since the last call */
  pthread_mutex_lock(&ring->lock);
  ring->dropped += lost.tp_drops;
  counts[0] = ring->read;
  counts[1] = ring->dropped;
  pthread_mutex_unlock(&ring->lock);
  return 0;
}

int pfring_version(pfring *ring, uint32_t *version) {
  *version = 0x80900;
  return (void)ring, 0;
}

void pfring_breakloop(pfring *ring) { (void)ring; }
