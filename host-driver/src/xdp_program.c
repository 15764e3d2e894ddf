#define _DEFAULT_SOURCE /* syscall() */
#include "xdp_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"

/* Offsets in a frame (xdp_frame.c) and in struct xdp_md. */
enum {
    FRAME_ETHERTYPE = 12,
    FRAME_VERSION = 14,
    FRAME_FRAGMENT = 20,
    FRAME_PROTOCOL = 23,
    FRAME_FROM_IP = 26,
    FRAME_TO_IP = 30,
    FRAME_FROM_PORT = 34,
    FRAME_TO_PORT = 36,
    CONTEXT_DATA = 0,
    CONTEXT_DATA_END = 4,
    CONTEXT_QUEUE = 16,
};

/* A program being written: every test that fails jumps to its end, where the frame is passed on. */
struct assembly {
    struct bpf_insn *code;
    size_t size;
};

enum { PASS_ON = INT16_MAX }; /* a jump's offset, until the end is known */

static void emit(struct assembly *to, struct bpf_insn instruction) {
    to->code[to->size++] = instruction;
}

static void load(struct assembly *to, uint8_t size, unsigned into, unsigned base, int16_t offset) {
    emit(to, (struct bpf_insn){.code = (uint8_t)(BPF_LDX | BPF_MEM | size),
                               .dst_reg = into & 0xfU,
                               .src_reg = base & 0xfU,
                               .off = offset});
}

static void set(struct assembly *to, unsigned into, int32_t value) {
    emit(to, (struct bpf_insn){
                 .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = into & 0xfU, .imm = value});
}

/* Jump when the low 32 bits of a register are (BPF_JEQ) or are not (BPF_JNE) a value. */
static void jump(struct assembly *to, uint8_t when, unsigned what, uint32_t value, int16_t offset) {
    emit(to, (struct bpf_insn){.code = (uint8_t)(BPF_JMP32 | when | BPF_K),
                               .dst_reg = what & 0xfU,
                               .off = offset,
                               .imm = (int32_t)value});
}

/* Pass the frame on unless a field of it, as it lies in memory, has a value. r2: the frame. */
static void want(struct assembly *to, uint8_t size, int16_t offset, uint32_t value) {
    load(to, size, BPF_REG_5, BPF_REG_2, offset);
    jump(to, BPF_JNE, BPF_REG_5, value, PASS_ON);
}

size_t pw_xdp_assemble(struct bpf_insn *code, const struct pw_xdp_match *match, int map) {
    struct assembly to = {.code = code};
    load(&to, BPF_W, BPF_REG_5, BPF_REG_1, CONTEXT_QUEUE);
    jump(&to, BPF_JNE, BPF_REG_5, match->queue, PASS_ON);
    load(&to, BPF_W, BPF_REG_2, BPF_REG_1, CONTEXT_DATA);
    load(&to, BPF_W, BPF_REG_3, BPF_REG_1, CONTEXT_DATA_END);
    /* The verifier must see that the headers are inside the frame: r4 = r2 + 42 <= r3. */
    emit(&to, (struct bpf_insn){
                  .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_4, .src_reg = BPF_REG_2});
    emit(&to, (struct bpf_insn){.code = BPF_ALU64 | BPF_ADD | BPF_K,
                                .dst_reg = BPF_REG_4,
                                .imm = PW_FRAME_HEADER_BYTES});
    emit(&to, (struct bpf_insn){.code = BPF_JMP | BPF_JGT | BPF_X,
                                .dst_reg = BPF_REG_4,
                                .src_reg = BPF_REG_3,
                                .off = PASS_ON});
    want(&to, BPF_H, FRAME_ETHERTYPE, htons(0x0800));
    want(&to, BPF_B, FRAME_VERSION, 0x45);
    load(&to, BPF_H, BPF_REG_5, BPF_REG_2, FRAME_FRAGMENT);
    jump(&to, BPF_JSET, BPF_REG_5, htons(0x3fff), PASS_ON);
    want(&to, BPF_B, FRAME_PROTOCOL, 17);
    want(&to, BPF_W, FRAME_FROM_IP, htonl(match->card_ip));
    want(&to, BPF_W, FRAME_TO_IP, htonl(match->host_ip));
    want(&to, BPF_H, FRAME_FROM_PORT, htons(match->card_port));
    load(&to, BPF_H, BPF_REG_5, BPF_REG_2, FRAME_TO_PORT);
    /* r2: entry of the map; a port that fits jumps over what is left of these pairs. */
    for (int i = 0; i < PW_XDP_PORTS; i++) {
        const bool last = i == PW_XDP_PORTS - 1;
        set(&to, BPF_REG_2, i);
        jump(&to, last ? BPF_JNE : BPF_JEQ, BPF_REG_5, htons(match->host_port[i]),
             last ? PASS_ON : (int16_t)(2 * (PW_XDP_PORTS - 1 - i)));
    }
    emit(&to, (struct bpf_insn){.code = BPF_LD | BPF_IMM | BPF_DW,
                                .dst_reg = BPF_REG_1,
                                .src_reg = BPF_PSEUDO_MAP_FD,
                                .imm = map});
    emit(&to, (struct bpf_insn){0}); /* the upper half of the map's 64 bits */
    set(&to, BPF_REG_3, XDP_PASS);   /* where no socket is entered */
    emit(&to, (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map});
    emit(&to, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
    const size_t end = to.size;
    set(&to, BPF_REG_0, XDP_PASS);
    emit(&to, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
    for (size_t i = 0; i < end; i++)
        if (code[i].off == PASS_ON)
            code[i].off = (int16_t)(end - i - 1);
    return to.size;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int pw_xdp_program_load(struct pw_xdp_program *program, const struct pw_xdp_match *match) {
    *program = (struct pw_xdp_program){.map = -1, .program = -1, .link = -1};
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_XSKMAP;
    attributes.key_size = sizeof(uint32_t);
    attributes.value_size = sizeof(uint32_t);
    attributes.max_entries = PW_XDP_PORTS;
    program->map = bpf(BPF_MAP_CREATE, &attributes);
    if (program->map < 0)
        return pw_fail_errno("making the map of AF_XDP sockets (it takes root, or CAP_BPF and "
                             "CAP_NET_ADMIN outside a user namespace; udp: needs neither)");
    struct bpf_insn code[PW_XDP_CODE_MOST];
    static const char license[] = "Apache-2.0";
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_XDP;
    attributes.expected_attach_type = BPF_XDP;
    attributes.insn_cnt = (uint32_t)pw_xdp_assemble(code, match, program->map);
    attributes.insns = (uint64_t)(uintptr_t)code;
    attributes.license = (uint64_t)(uintptr_t)license;
    memcpy(attributes.prog_name, "pennywire", sizeof "pennywire");
    program->program = bpf(BPF_PROG_LOAD, &attributes);
    if (program->program >= 0)
        return PW_OK;
    const int status = pw_fail_errno("loading the XDP program");
    pw_xdp_program_unload(program);
    return status;
}

int pw_xdp_program_enter(const struct pw_xdp_program *program, uint32_t channel, int socket) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)program->map;
    attributes.key = (uint64_t)(uintptr_t)&channel;
    attributes.value = (uint64_t)(uintptr_t)&socket;
    if (bpf(BPF_MAP_UPDATE_ELEM, &attributes) != 0)
        return pw_fail_errno("entering an AF_XDP socket into the program's map");
    return PW_OK;
}

int pw_xdp_program_attach(struct pw_xdp_program *program, unsigned interface, const char *name,
                          bool generic) {
    union bpf_attr attributes;
    for (int attempt = generic ? 1 : 0; attempt < 2; attempt++) {
        memset(&attributes, 0, sizeof attributes);
        attributes.link_create.prog_fd = (uint32_t)program->program;
        attributes.link_create.target_ifindex = interface;
        attributes.link_create.attach_type = BPF_XDP;
        attributes.link_create.flags = attempt == 0 ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
        program->link = bpf(BPF_LINK_CREATE, &attributes);
        program->generic = attempt == 1;
        if (program->link >= 0)
            return PW_OK;
        if (errno == EBUSY || errno == EEXIST)
            return pw_fail(PW_ERROR_SYSTEM,
                           "another XDP program is at %s, another handle's perhaps: close that, or "
                           "take it off (ip link set dev %s xdp off)",
                           name, name);
        if (errno == EPERM || errno == ENETDOWN)
            break; /* the generic code would say the same */
    }
    return pw_fail_errno("attaching the XDP program to %s", name);
}

void pw_xdp_program_unload(struct pw_xdp_program *program) {
    int *const descriptors[] = {&program->link, &program->program, &program->map};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (*descriptors[i] >= 0)
            close(*descriptors[i]);
        *descriptors[i] = -1;
    }
}
