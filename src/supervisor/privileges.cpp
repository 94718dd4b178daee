#include "supervisor/privileges.h"

#include <unistd.h>

#include "sandbox/account.h"
#include "sandbox/capabilities.h"
#include "supervisor/preflight.h"
#include "supervisor/rlimits.h"

namespace seki::supervisor {
namespace {

// Who stays root stays what that is.
bool is_root() { return ::geteuid() == 0; }

}  // namespace

Result<> give_up_privileges(const config::FileConfig& file) {
    if (file.user) {
        const auto account = sandbox::find_account(*file.user, file.group);
        if (!account) return std::unexpected(account.error());
        const DescriptorNeed need = descriptor_need(file.server, file.worker_count, listeners_of(file));
        // Whether it is enough is asked again, by who tells it (preflight.h).
        if (is_root()) static_cast<void>(raise_descriptor_limit(need, file.server.max_connections()));
        if (auto became = sandbox::become(*account); !became) return became;
    }
    return keep_privileges_down();
}

Result<> keep_privileges_down() {
    if (auto gained = sandbox::gain_nothing_by_programs(); !gained) return gained;
    return is_root() ? Result<>() : sandbox::keep_low_ports_only();
}

}  // namespace seki::supervisor
