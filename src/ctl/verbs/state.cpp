#include <filesystem>
#include <system_error>

#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

// The server resolves relative paths against its own directory; the one who types means the own one.
Result<> make_absolute(command::Request& request, const Verb&) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(request.save_state(), error);
    if (error) return failure("cannot tell the current directory: {}", error.message());
    request.set_save_state(path.string());
    return {};
}

}  // namespace

void add_state_verbs(Family& root) {
    Family state = root.family("state", "All that was configured, as a file");

    Verb& save = state.verb("save", R"(save_state: "")", "Write the state to a file");
    save.value("-f,--file", "", "File to write; relative paths begin here").required().type("FILE");
    save.finish(make_absolute);

    Verb& load = state.verb("load", R"(load_state: "")", "Apply the records of a state file");
    load.value("-f,--file", "", "File to read; the server reads it, relative paths begin in its directory")
        .required()
        .type("FILE");

    state.verb("stats", "count_requests {}", "How often each kind of change was made");
}

}  // namespace seki::ctl
