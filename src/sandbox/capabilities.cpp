#include "sandbox/capabilities.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace seki::sandbox {
namespace {

constexpr uint64_t low_ports = uint64_t{1} << CAP_NET_BIND_SERVICE;

struct Sets {
    uint64_t effective = 0;
    uint64_t permitted = 0;
    uint64_t inheritable = 0;
};

// The kernel has each set in two halves (capget(2)).
using Halves = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

__user_cap_header_struct header() noexcept { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

Result<Sets> now() {
    auto about = header();
    Halves halves{};
    if (::syscall(SYS_capget, &about, halves.data()) != 0) return failure("capget: {}", system_error(errno));
    const auto whole = [&halves](auto member) {
        return uint64_t{halves[0].*member} | uint64_t{halves[1].*member} << 32;
    };
    return Sets{whole(&__user_cap_data_struct::effective), whole(&__user_cap_data_struct::permitted),
                whole(&__user_cap_data_struct::inheritable)};
}

Result<> set(const Sets& sets) {
    auto about = header();
    Halves halves{};
    for (unsigned half = 0; half < halves.size(); ++half) {
        halves[half].effective = static_cast<uint32_t>(sets.effective >> (32 * half));
        halves[half].permitted = static_cast<uint32_t>(sets.permitted >> (32 * half));
        halves[half].inheritable = static_cast<uint32_t>(sets.inheritable >> (32 * half));
    }
    if (::syscall(SYS_capset, &about, halves.data()) == 0) return {};
    return failure("cannot give up capabilities: capset: {}", system_error(errno));
}

// Who has no more anyway need not be allowed to ask: a service manager may have forbidden it. What is inheritable is
// nothing that one has.
Result<> keep(uint64_t wanted) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    const auto had = now();
    if (!had) return std::unexpected(had.error());
    const uint64_t kept = had->permitted & wanted;
    auto done = set({.effective = kept, .permitted = kept, .inheritable = kept});
    const bool is_so_already = had->effective == kept && had->permitted == kept;
    return is_so_already ? Result<>() : done;
}

}  // namespace

Result<> gain_nothing_by_programs() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) return {};
    return failure("PR_SET_NO_NEW_PRIVS: {}", system_error(errno));
}

Result<> keep_low_ports_only() { return keep(low_ports); }

Result<> drop_all_capabilities() { return keep(0); }

void pass_on_low_ports(bool pass) noexcept {
    const int how = pass ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER;
    ::prctl(PR_CAP_AMBIENT, how, CAP_NET_BIND_SERVICE, 0, 0);
}

}  // namespace seki::sandbox
