// One executable, three roles: the supervisor (`seki start`), a worker (a hidden role, only for the supervisor), and
// the command line, which is everything else.

#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include "ctl/ctl.h"
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

}  // namespace

int main(int argc, char** argv) {
    if (const auto role = worker_role({argv, static_cast<size_t>(argc)})) {
        return seki::worker::worker_main(role->id, role->channel);
    }
    const seki::ctl::Roles roles{
        .start = [](const std::string& path) { return seki::supervisor::supervisor_main({.config_path = path}); },
        .check_config = seki::supervisor::check_config,
    };
    return seki::ctl::run(argc, argv, roles);
}
