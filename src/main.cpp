// One executable, three roles: the supervisor (`seki start`), a worker (a hidden role, only for the supervisor), and
// the command line, which is everything else.

#include <charconv>
#include <malloc.h>
#include <optional>
#include <span>
#include <string_view>

#include "base/inherited.h"
#include "commit.h"
#include "ctl/ctl.h"
#include "ctl/version.h"
#include "supervisor/start.h"
#include "worker/worker_main.h"

namespace {

struct WorkerRole {
    int id;
    int channel;
};

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
    return value;
}

// `worker --id N --channel FD`
std::optional<WorkerRole> worker_role(std::span<char* const> arguments) {
    using namespace std::string_view_literals;
    if (arguments.size() != 6 || arguments[1] != "worker"sv) return {};
    if (arguments[2] != "--id"sv || arguments[4] != "--channel"sv) return {};
    const auto id = number(arguments[3]);
    const auto channel = number(arguments[5]);
    if (!id || !channel) return {};
    return WorkerRole{*id, *channel};
}

// Loading many hosts frees and allocates millions of small pieces. The allocator's bins for quick reuse (mallopt(3))
// are gathered in again and again meanwhile, which was half of the time; a heap that grows in larger steps saves some
// more.
void tune_allocator() {
    mallopt(M_MXFAST, 0);
    mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace

int main(int argc, char** argv) {
    seki::open_standard_streams();
    seki::reset_signal_actions();
    tune_allocator();
    if (const auto role = worker_role({argv, static_cast<size_t>(argc)})) {
        return seki::worker::worker_main(role->id, role->channel);
    }
    if (!seki::supervisor::takes_over()) seki::block_only({});
    const seki::ctl::Roles roles{
        .start =
            [](const std::string& path) {
                const std::string version = seki::ctl::program_version(seki::commit);
                return seki::supervisor::supervisor_main({.config_path = path, .version = version});
            },
        .check_config = seki::supervisor::check_config,
        .commit = seki::commit,
    };
    return seki::ctl::run(argc, argv, roles);
}
