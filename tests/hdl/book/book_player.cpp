// Plays packed events into a verilated BookBench and writes down every view and the counters.
//
// Usage: player EVENTS ANSWERS. EVENTS: records of 32-bit words: gap, then the packed event. `gap` cycles without
// an event come before it; of a negative gap as many cycles, or fewer if the book has nothing left to do before they
// are over (a book at rest does not change). ANSWERS: for each view its cycle, the cycle in which its event was taken,
// whether the event made its slot stale, and the packed view; then the counters in the order written below.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "Vtop.h"

static std::vector<uint32_t> read_words(const char *name) {
    std::FILE *file = std::fopen(name, "rb");
    if (!file) {
        std::perror(name);
        std::exit(2);
    }
    std::vector<uint32_t> words;
    uint32_t word;
    while (std::fread(&word, sizeof word, 1, file) == 1) words.push_back(word);
    std::fclose(file);
    return words;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: player EVENTS ANSWERS\n");
        return 2;
    }
    VerilatedContext context;
    Vtop top{&context};
    const std::size_t event_words = sizeof(top.event_payload) / 4;
    const std::size_t view_words = sizeof(top.view_payload) / 4;
    const std::vector<uint32_t> events = read_words(argv[1]);
    const std::size_t count = events.size() / (event_words + 1);
    std::FILE *out = std::fopen(argv[2], "wb");
    if (!out) {
        std::perror(argv[2]);
        return 2;
    }
    top.clk = 0;
    top.rst = 1;
    top.event_valid = 0;
    for (int i = 0; i < 4; i++) {
        top.clk = !top.clk;
        top.eval();
    }
    top.rst = 0;
    std::deque<uint32_t> taken;
    std::size_t at = 0, views = 0;
    bool offered = false;
    int32_t gap = count ? static_cast<int32_t>(events[0]) : 0;
    uint32_t cycle = 0, quiet = 0;
    while (quiet < 100 && cycle < 4000000000u) {
        if (!offered && at < count) {
            if (gap > 0)
                gap--;
            else if (gap < 0 && top.busy)
                gap++;
            else {
                for (std::size_t i = 0; i < event_words; i++)
                    top.event_payload[i] = events[at * (event_words + 1) + 1 + i];
                offered = true;
            }
        }
        top.event_valid = offered;
        top.clk = 0;
        top.eval();
        cycle++;
        if (offered && top.event_ready) {
            taken.push_back(cycle);
            offered = false;
            at++;
            gap = at < count ? static_cast<int32_t>(events[at * (event_words + 1)]) : 0;
        }
        if (top.view_valid) {
            if (taken.empty()) {
                std::fprintf(stderr, "a view without an event in cycle %u\n", cycle);
                return 1;
            }
            const uint32_t times[3] = {cycle, taken.front(), top.view_overflowed};
            std::fwrite(times, 4, 3, out);
            std::fwrite(&top.view_payload[0], 4, view_words, out);
            taken.pop_front();
            views++;
        }
        quiet = at == count && !top.busy ? quiet + 1 : 0;
        top.clk = 1;
        top.eval();
    }
    const uint32_t counters[] = {
        top.unknown_references, top.duplicate_references, top.zero_adds, top.over_executions,
        top.table_overflows,    top.levels_spilled,       top.refills,   top.events_applied,
        top.live_orders,        top.lost,                 top.max_level, static_cast<uint32_t>(top.stale_slots),
        cycle,
    };
    std::fwrite(counters, 4, sizeof counters / 4, out);
    std::fclose(out);
    return 0;
}
