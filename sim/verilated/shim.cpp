// A C ABI around the verilated card: queues of bytes in, captured bytes out, time granted in stretches.
//
// The card's ports are those of hdl/card.py. A beat of a frame stream is 70 bits: 64 of data, 4 of count, last, error.
// Nothing here throws across the ABI: functions that can fail return a negative number (enum Failure).
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

// Amaranth joins the names of a stream and its member by two underscores, which Verilator spells out.
#define PORT(stream, member) stream##___05F##member

namespace {

constexpr uint32_t kLast = 1U << 4;
// `busy` may be low between two stages of one piece of work; this many quiet cycles in a row mean that nothing moves.
constexpr unsigned kQuietCycles = 8;
constexpr int kMostStartCycles = 1000000;
constexpr uint64_t kMaxTimeStep = (uint64_t{1} << 40) - 1;

enum Failure : int64_t { kStaysBusy = -1, kNoAnswer = -2 };

struct Arrival {
    uint64_t time;
    std::string data;
};

// Bytes that wait for one of the card's inputs.
struct Input {
    std::deque<Arrival> waiting;
    size_t at = 0;  // bytes of the first one that have entered
    uint64_t entered = 0;
};

struct Sent {
    uint64_t time;
    std::string data;
};

struct Model {
    VerilatedContext context;
    Vtop top{&context};
    Input feed, feed_b, orders, host, relay;
    Input answers;  // share the wire of `feed`: frame by frame, whichever is due first
    std::vector<Sent> sent, frames, relayed;
    std::string order, frame, relay_frame, answer, events, views;
    bool answered = false;
    bool keep_views = false;
    unsigned quiet = 0;
    uint64_t cycles = 0;  // while time was granted: what the host asks for in between does not count
};

template <class Beat>
void put(Beat& beat, const std::string& data, size_t at) {
    const size_t left = data.size() - at;
    const uint32_t count = left < 8 ? static_cast<uint32_t>(left) : 8;
    uint64_t word = 0;
    std::memcpy(&word, data.data() + at, count);
    beat[0] = static_cast<uint32_t>(word);
    beat[1] = static_cast<uint32_t>(word >> 32);
    beat[2] = count | (left <= 8 ? kLast : 0);
}

// Appends a beat's bytes; says whether it was the last of its frame.
template <class Beat>
bool take(const Beat& beat, std::string& into) {
    const uint64_t word = beat[0] | static_cast<uint64_t>(beat[1]) << 32;
    char bytes[8];
    std::memcpy(bytes, &word, 8);
    into.append(bytes, beat[2] & 15);
    return (beat[2] & kLast) != 0;
}

bool due(const Input& input, uint64_t now, uint64_t limit) {
    if (input.waiting.empty()) return false;
    const uint64_t time = input.waiting.front().time;
    return input.at != 0 || (time <= now && time < limit);
}

// The queue whose frame is on line A's wire next.
Input& on_line_a(Model& m) {
    if (m.feed.at != 0 || m.answers.waiting.empty()) return m.feed;
    if (m.answers.at != 0 || m.feed.waiting.empty()) return m.answers;
    return m.answers.waiting.front().time < m.feed.waiting.front().time ? m.answers : m.feed;
}

void entered(Input& input) {
    input.at += 8;
    if (input.at >= input.waiting.front().data.size()) {
        input.waiting.pop_front();
        input.at = 0;
        ++input.entered;
    }
}

// One clock cycle. Arrivals of `limit` or later stay out.
void cycle(Model& m, uint64_t time_step, uint64_t limit) {
    Vtop& top = m.top;
    const uint64_t now = top.card_time;
    Input& line_a = on_line_a(m);
    const bool feed = due(line_a, now, limit), feed_b = due(m.feed_b, now, limit);
    const bool orders = due(m.orders, now, limit), host = !m.host.waiting.empty();
    const bool relay = !m.relay.waiting.empty();
    top.PORT(rx, valid) = feed;
    top.PORT(rx_b, valid) = feed_b;
    top.PORT(ouch_rx, valid) = orders;
    top.PORT(host_rx, valid) = host;
    top.PORT(relay_rx, valid) = relay;
    if (feed) put(top.PORT(rx, payload), line_a.waiting.front().data, line_a.at);
    if (feed_b) put(top.PORT(rx_b, payload), m.feed_b.waiting.front().data, m.feed_b.at);
    if (orders) put(top.PORT(ouch_rx, payload), m.orders.waiting.front().data, m.orders.at);
    if (host) put(top.PORT(host_rx, payload), m.host.waiting.front().data, m.host.at);
    if (relay) put(top.PORT(relay_rx, payload), m.relay.waiting.front().data, m.relay.at);
    top.time_step = time_step;
    top.clk = 0;
    top.eval();
    if (feed) entered(line_a);  // the feed never waits
    if (feed_b) entered(m.feed_b);
    if (orders && top.PORT(ouch_rx, ready)) entered(m.orders);
    if (host && top.PORT(host_rx, ready)) entered(m.host);
    if (relay && top.PORT(relay_rx, ready)) entered(m.relay);
    if (top.PORT(ouch_tx, valid) && take(top.PORT(ouch_tx, payload), m.order)) {
        m.sent.push_back({now, std::move(m.order)});
        m.order.clear();
    }
    if (top.PORT(tx, valid) && take(top.PORT(tx, payload), m.frame)) {
        m.frames.push_back({now, std::move(m.frame)});
        m.frame.clear();
    }
    if (top.PORT(relay_tx, valid) && take(top.PORT(relay_tx, payload), m.relay_frame)) {
        m.relayed.push_back({now, std::move(m.relay_frame)});
        m.relay_frame.clear();
    }
    if (top.PORT(events_tx, valid)) take(top.PORT(events_tx, payload), m.events);
    if (top.PORT(host_tx, valid) && take(top.PORT(host_tx, payload), m.answer)) m.answered = true;
    if (m.keep_views && top.PORT(view, valid)) {
        m.views.append(reinterpret_cast<const char*>(&top.PORT(view, payload)), sizeof top.PORT(view, payload));
    }
    m.quiet = feed || feed_b || orders || host || relay || top.busy ? 0 : m.quiet + 1;
    top.clk = 1;
    top.eval();
}

bool idle(const Model& m) { return m.quiet >= kQuietCycles; }

uint64_t next_arrival(const Model& m, uint64_t latest) {
    uint64_t next = latest;
    for (const Input* input : {&m.feed, &m.answers, &m.feed_b, &m.orders}) {
        if (!input->waiting.empty() && input->waiting.front().time < next) next = input->waiting.front().time;
    }
    return next;
}

}  // namespace

extern "C" {

Model* pw_sim_new(int soft) {
    Model* m = new Model;
    Vtop& top = m->top;
    top.soft = soft != 0;
    top.PORT(tx, ready) = top.PORT(ouch_tx, ready) = top.PORT(events_tx, ready) = top.PORT(host_tx, ready) =
        top.PORT(relay_tx, ready) = 1;
    top.rst = 1;
    for (int i = 0; i < 4; ++i) cycle(*m, 0, 0);
    top.rst = 0;
    m->quiet = 0;
    // A card at rest can be asked at once. Clearing the book's memories takes as many cycles as they have rows.
    for (int i = 0; i < kMostStartCycles && !idle(*m); ++i) cycle(*m, 0, 0);
    return m;
}

void pw_sim_delete(Model* m) {
    m->top.final();
    delete m;
}

uint64_t pw_sim_now(const Model* m) { return m->top.card_time; }
uint64_t pw_sim_cycles(const Model* m) { return m->cycles; }
uint64_t pw_sim_consumed(const Model* m) {
    return m->feed.entered + m->answers.entered + m->feed_b.entered + m->orders.entered;
}
int pw_sim_idle(const Model* m) { return idle(*m); }
void pw_sim_keep_views(Model* m, int keep) { m->keep_views = keep != 0; }
uint32_t pw_sim_view_bytes(const Model* m) { return sizeof m->top.PORT(view, payload); }

// Queues `n` arrivals, their bytes one behind the other in `bytes`.
void pw_sim_push(Model* m, uint32_t n, const uint64_t* times, const uint8_t* ports, const uint32_t* lengths,
                 const char* bytes) {
    Input* const inputs[] = {&m->feed, &m->orders, &m->feed_b, &m->answers};  // by the numbers of sim.card_port.Port
    for (uint32_t i = 0; i < n; ++i) {
        Input& input = *inputs[ports[i]];
        input.waiting.push_back({times[i], std::string(bytes, lengths[i])});
        bytes += lengths[i];
    }
}

// Runs until card time `until` and until nothing moves, or until an order or a frame has left. A quiet stretch is one cycle.
int64_t pw_sim_run(Model* m, uint64_t until, int stop_on_order, uint64_t patience) {
    const size_t left = m->sent.size() + m->frames.size();
    const uint64_t limit = until + 1;
    uint64_t overtime = 0;
    while (!(stop_on_order && m->sent.size() + m->frames.size() != left)) {
        const uint64_t now = m->top.card_time;
        if (now >= until) {
            if (idle(*m) && !due(on_line_a(*m), now, limit) && !due(m->feed_b, now, limit) &&
                !due(m->orders, now, limit)) return 0;
            if (++overtime > patience) return kStaysBusy;
        }
        uint64_t step = 1;
        if (idle(*m) && now < until) {
            // Stop short of `until`: what time sets in motion there is seen, and `until` is met exactly.
            const uint64_t next = next_arrival(*m, until - now > kQuietCycles ? until - kQuietCycles : now);
            if (next > now + 1) step = next - now > kMaxTimeStep ? kMaxTimeStep : next - now;
        }
        cycle(*m, step, limit);
        ++m->cycles;
        if (step != 1) m->quiet = 0;  // what was waiting for time may move now
    }
    return 0;
}

// Runs, time passing, until nothing moves. Nothing that waits enters, but what has begun to enter does.
int64_t pw_sim_rest(Model* m, uint64_t patience) {
    for (uint64_t i = 0; !idle(*m); ++i) {
        if (i > patience) return kStaysBusy;
        cycle(*m, 1, 0);
        ++m->cycles;
    }
    return 0;
}

// Carries a datagram to the host link and waits for the answer, card time standing still. What the request sets in
// motion comes to rest before this returns, so that the moment of the next one makes no difference.
// Returns the length of the answer (see pw_sim_answer), 0 if the card has none to give, or a Failure.
int64_t pw_sim_host(Model* m, const char* request, uint32_t length, uint64_t patience) {
    m->answer.clear();
    m->answered = false;
    m->quiet = 0;
    m->host.waiting.push_back({0, std::string(request, length)});
    for (uint64_t i = 0; !(idle(*m) && m->host.waiting.empty()); ++i) {
        if (i > patience) return m->answered ? kStaysBusy : kNoAnswer;
        cycle(*m, 0, 0);
    }
    return m->answered ? static_cast<int64_t>(m->answer.size()) : 0;
}

// Carries a datagram to the order relay, card time standing still, until what it sets in motion has come to rest. What
// the relay says is among the frames of pw_sim_relayed_data. Returns 0 or a Failure.
int64_t pw_sim_relay(Model* m, const char* request, uint32_t length, uint64_t patience) {
    m->quiet = 0;
    m->relay.waiting.push_back({0, std::string(request, length)});
    for (uint64_t i = 0; !(idle(*m) && m->relay.waiting.empty()); ++i) {
        if (i > patience) return kStaysBusy;
        cycle(*m, 0, 0);
    }
    return 0;
}

const char* pw_sim_answer(const Model* m) { return m->answer.data(); }

uint32_t pw_sim_order_count(const Model* m) { return static_cast<uint32_t>(m->sent.size()); }
uint64_t pw_sim_order_time(const Model* m, uint32_t i) { return m->sent[i].time; }
uint32_t pw_sim_order_length(const Model* m, uint32_t i) { return static_cast<uint32_t>(m->sent[i].data.size()); }
const char* pw_sim_order_data(const Model* m, uint32_t i) { return m->sent[i].data.data(); }
void pw_sim_clear_orders(Model* m) { m->sent.clear(); }

uint32_t pw_sim_frame_count(const Model* m) { return static_cast<uint32_t>(m->frames.size()); }
uint64_t pw_sim_frame_time(const Model* m, uint32_t i) { return m->frames[i].time; }
uint32_t pw_sim_frame_length(const Model* m, uint32_t i) { return static_cast<uint32_t>(m->frames[i].data.size()); }
const char* pw_sim_frame_data(const Model* m, uint32_t i) { return m->frames[i].data.data(); }
void pw_sim_clear_frames(Model* m) { m->frames.clear(); }

uint32_t pw_sim_relayed_count(const Model* m) { return static_cast<uint32_t>(m->relayed.size()); }
uint64_t pw_sim_relayed_time(const Model* m, uint32_t i) { return m->relayed[i].time; }
uint32_t pw_sim_relayed_length(const Model* m, uint32_t i) { return static_cast<uint32_t>(m->relayed[i].data.size()); }
const char* pw_sim_relayed_data(const Model* m, uint32_t i) { return m->relayed[i].data.data(); }
void pw_sim_clear_relayeds(Model* m) { m->relayed.clear(); }

// Event datagrams, one behind the other as they left.
uint64_t pw_sim_events_length(const Model* m) { return m->events.size(); }
const char* pw_sim_events(const Model* m) { return m->events.data(); }
void pw_sim_clear_events(Model* m) { m->events.clear(); }

// Depth views, pw_sim_view_bytes each.
uint64_t pw_sim_views_length(const Model* m) { return m->views.size(); }
const char* pw_sim_views(const Model* m) { return m->views.data(); }
void pw_sim_clear_views(Model* m) { m->views.clear(); }

}  // extern "C"
