#include "sandbox/landlock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace seki::sandbox {
namespace {

// As the latest of the versions below has it; who has an earlier one finds zeros behind its own part.
struct Ruleset {
    uint64_t files = 0;
    uint64_t network = 0;
    uint64_t scope = 0;
};

// How many rights to files each version knows, from the first on.
constexpr std::array file_rights{13, 14, 15, 15, 16};
constexpr int first_with_network = 4;
constexpr int first_with_scopes = 6;
constexpr uint64_t bind_tcp = 1;
constexpr uint64_t signals = 2;

Ruleset ruleset_of(int version) {
    const auto known = std::min(static_cast<size_t>(version), file_rights.size());
    return {.files = (uint64_t{1} << file_rights[known - 1]) - 1,
            .network = version >= first_with_network ? bind_tcp : 0,
            .scope = version >= first_with_scopes ? signals : 0};
}

// What sanitizers print and look for they read from files.
Result<> let_sanitizers_read([[maybe_unused]] int ruleset) {
#if defined(__SANITIZE_ADDRESS__)
    const UniqueFd root(::open("/", O_PATH | O_CLOEXEC));
    const landlock_path_beneath_attr rule{LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR, root.get()};
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return failure("Landlock: {}", system_error(errno));
#endif
    return {};
}

}  // namespace

Result<int> leave_file_system() {
    const auto version =
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, LANDLOCK_CREATE_RULESET_VERSION));
    if (version <= 0) return 0;
    const Ruleset wanted = ruleset_of(version);
    const UniqueFd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0)));
    if (!ruleset.valid()) return failure("Landlock: {}", system_error(errno));
    if (auto let = let_sanitizers_read(ruleset.get()); !let) return std::unexpected(let.error());
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0) return version;
    return failure("Landlock: {}", system_error(errno));
}

}  // namespace seki::sandbox
