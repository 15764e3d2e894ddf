// A C ABI around the verilated feed half: a session in, views out, no call a message.
//
// Blocks of a BinaryFILE are packed into MoldUDP64 packets as large as they may be, since their headers cost cycles,
// and a block of a packet is byte for byte a block of the file. A beat of the frame stream is 70 bits: 64 of data, 4 of
// count, last, error. When the book wants a rest the frame pauses until it has come to one: it refills its rows only
// while no event passes.
// Nothing here throws across the ABI.
#include <cstdint>
#include <cstring>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

// Amaranth joins the names of a stream and its member by two underscores, which Verilator spells out.
#define PORT(stream, member) stream##___05F##member

namespace {

constexpr uint32_t kLast = 1U << 4;
constexpr uint32_t kBeat = 8;
constexpr uint32_t kLength = 2;
// Where the headers of a frame and their fields are: Ethernet, IPv4 without options, UDP, MoldUDP64.
constexpr uint32_t kIp = 14, kUdp = 34, kMold = 42, kBlocks = 62;
constexpr uint32_t kIpLength = 16, kIpChecksum = 24, kUdpLength = 38, kSequence = 52, kCount = 60;
constexpr uint32_t kMostIp = 9000;
constexpr uint32_t kMostFrame = kIp + kMostIp;
// The spare beat lets every beat be read whole.
constexpr uint32_t kRoom = kMostFrame + kBeat;
// From a beat to its event in the book, at most: so long `book_busy` may be low though a view is to come, and
// `feed_moves` though something moves in the feed.
constexpr uint64_t kOnTheWay = 6;
constexpr uint64_t kPatience = 10'000'000;

enum Failure : int { kStaysBusy = -1, kTooLong = -2 };

constexpr uint8_t kHeaders[kBlocks] = {
    0x01, 0x00, 0x5E, 0x36, 0x0C, 0x6F, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x00,                            // Ethernet
    0x45, 0, 0, 0, 0, 0, 0x40, 0, 16, 17, 0, 0, 10, 0, 0, 1, 233, 54, 12, 111,                         // IPv4
    0x67, 0x20, 0x67, 0x6D, 0, 0, 0, 0,                                                                // UDP
    'P', 'W', '0', '0', '0', '0', '0', '0', '0', '1',                                                  // session
};

void put16(uint8_t* at, uint32_t value) {
    at[0] = static_cast<uint8_t>(value >> 8);
    at[1] = static_cast<uint8_t>(value);
}

uint32_t get16(const uint8_t* at) { return static_cast<uint32_t>(at[0]) << 8 | at[1]; }

struct Replay {
    VerilatedContext context;
    Vtop top{&context};
    uint64_t messages = 0, cycles = 0, rest_cycles = 0, views = 0;
    uint64_t keep_every = 0;
    uint32_t sequence_byte = 0;
    bool all_clocks = false;
    std::vector<uint8_t> kept;
    std::vector<uint8_t> latest;  // view of each slot
    uint8_t frame[kRoom] = {};
};

constexpr uint32_t kViewBytes = sizeof(static_cast<Vtop*>(nullptr)->PORT(view, payload));

void see(Replay& r) {
    Vtop& top = r.top;
    if (!top.PORT(view, valid)) return;
    const auto* view = reinterpret_cast<const uint8_t*>(&top.PORT(view, payload));
    ++r.views;
    const size_t slot = view[0];
    if ((slot + 1) * kViewBytes <= r.latest.size()) std::memcpy(&r.latest[slot * kViewBytes], view, kViewBytes);
    if (r.keep_every == 0) return;
    uint64_t sequence;
    std::memcpy(&sequence, view + r.sequence_byte, sizeof sequence);
    if (sequence % r.keep_every == 0) r.kept.insert(r.kept.end(), view, view + kViewBytes);
}

// A cycle in which the feed is at work, or stands still.
void cycle(Replay& r, bool feed) {
    Vtop& top = r.top;
    top.clk = top.feed_clk = top.pipeline_clk = 0;
    top.eval();
    see(r);
    top.pipeline_clk = top.pipeline_moves || r.all_clocks;
    top.feed_clk = feed || r.all_clocks;
    top.clk = 1;
    top.eval();
    ++r.cycles;
}

// Lets nothing in until the book has nothing left to do: what is on its way to it arrives first. Then the feed stands
// still, but for what the book may tell it, unless it is to come to rest as well.
bool rest(Replay& r, bool with_feed) {
    r.top.PORT(rx, valid) = 0;
    for (uint64_t i = 0; i < kPatience; ++i) {
        cycle(r, with_feed || i <= kOnTheWay || r.top.feed_moves);
        ++r.rest_cycles;
        if (i >= kOnTheWay && !r.top.book_busy) return true;
    }
    return false;
}

// Sends the frame whose blocks are in place up to `end`; false: the book does not come to rest.
bool send(Replay& r, uint32_t end, uint32_t count) {
    uint8_t* frame = r.frame;
    const uint64_t sequence = r.messages + 1;
    for (int i = 0; i < 8; ++i) frame[kSequence + i] = static_cast<uint8_t>(sequence >> (56 - 8 * i));
    put16(frame + kCount, count);
    put16(frame + kIpLength, end - kIp);
    put16(frame + kUdpLength, end - kUdp);
    put16(frame + kIpChecksum, 0);
    uint32_t sum = 0;
    for (uint32_t at = kIp; at < kUdp; at += 2) sum += get16(frame + at);
    while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
    put16(frame + kIpChecksum, ~sum);
    Vtop& top = r.top;
    auto& beat = top.PORT(rx, payload);
    for (uint32_t at = 0; at < end; at += kBeat) {
        if (top.book_wants_rest && !rest(r, false)) return false;
        const uint32_t left = end - at;
        std::memcpy(&beat[0], frame + at, 4);
        std::memcpy(&beat[1], frame + at + 4, 4);
        beat[2] = left > kBeat ? kBeat : left | kLast;
        top.PORT(rx, valid) = 1;
        cycle(r, true);
    }
    r.messages += count;
    return true;
}

}  // namespace

extern "C" {

// Makes a feed half that follows `slots` symbols of 8 characters each, `symbols`, one behind the other; blank ones are
// not followed. Views whose sequence number divides by `keep_every` are kept, none for 0; `sequence_byte` says where a
// packed view has that number. With `all_clocks` no clock stands still, which only takes longer. Null: it does not come
// to rest.
Replay* pw_replay_new(const char* symbols, uint32_t slots, uint64_t keep_every, uint32_t sequence_byte,
                      int all_clocks) {
    auto* r = new Replay;
    r->all_clocks = all_clocks;
    r->keep_every = keep_every;
    r->sequence_byte = sequence_byte;
    std::memcpy(r->frame, kHeaders, sizeof kHeaders);
    auto* into = reinterpret_cast<char*>(&r->top.symbols);
    std::memcpy(into, symbols, size_t{8} * slots);
    r->latest.resize(size_t{slots} * kViewBytes);
    // Clearing the book's memories takes as many cycles as they have rows; then slots say what they follow.
    for (int i = 0; i < 3; ++i) {
        if (!rest(*r, true)) {
            delete r;
            return nullptr;
        }
    }
    r->cycles = r->rest_cycles = 0;
    return r;
}

// Frees it; null is nothing.
void pw_replay_free(Replay* r) {
    if (!r) return;
    r->top.final();
    delete r;
}

// Plays the whole blocks at the beginning of `in`. `taken` says how many bytes they were, the end mark included.
// Returns 1 where the end mark (a length of 0) was met, 0 where not, or a Failure: the book does not come to rest, or
// the block after those taken fits no packet.
int pw_replay_play(Replay* r, const uint8_t* in, uint64_t length, uint64_t* taken) {
    uint64_t at = 0;
    int ended = 0;
    while (!ended) {
        uint32_t end = kBlocks, count = 0;
        while (length - at >= kLength) {
            const uint32_t size = get16(in + at);
            if (size == 0) {
                at += kLength;
                ended = 1;
                break;
            }
            const uint32_t block = kLength + size;
            if (length - at < block) break;
            if (end + block > kMostFrame) {
                if (count) break;
                *taken = at;
                return rest(*r, true) ? kTooLong : kStaysBusy;
            }
            std::memcpy(r->frame + end, in + at, block);
            end += block;
            at += block;
            ++count;
        }
        if (count == 0) break;
        if (!send(*r, end, count)) return kStaysBusy;
    }
    *taken = at;
    if (!rest(*r, true)) return kStaysBusy;
    return ended;
}

uint64_t pw_replay_messages(const Replay* r) { return r->messages; }
uint64_t pw_replay_cycles(const Replay* r) { return r->cycles; }
uint64_t pw_replay_rest_cycles(const Replay* r) { return r->rest_cycles; }
uint64_t pw_replay_views(const Replay* r) { return r->views; }

// Views kept, and the latest of each slot (zeros where there was none), pw_replay_view_bytes each.
uint32_t pw_replay_view_bytes() { return kViewBytes; }
uint64_t pw_replay_kept_bytes(const Replay* r) { return r->kept.size(); }
const uint8_t* pw_replay_kept(const Replay* r) { return r->kept.data(); }
const uint8_t* pw_replay_latest(const Replay* r) { return r->latest.data(); }

// Counters in the order of sim.replay.feed_half.COUNTERS, then live orders, then a bit for each stale slot.
void pw_replay_counters(const Replay* r, uint64_t* into) {
    const Vtop& top = r->top;
    const uint64_t values[] = {top.messages,      top.frames_bad, top.gaps,        top.wrong_sizes,
                               top.unknown_types, top.lost,       top.stale_books, top.refills,
                               top.live_orders,   top.stale};
    std::memcpy(into, values, sizeof values);
}

}  // extern "C"
