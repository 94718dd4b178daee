#include <filesystem>
#include <system_error>
#include <utility>

#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

Result<> make_absolute(std::string& path) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    if (error) return failure("cannot tell the current directory: {}", error.message());
    path = absolute.string();
    return {};
}

// The server resolves relative paths against its own directory; the one who types means the own one.
Result<> save_here(command::Request& request, const Verb&) {
    return make_absolute(request.has_save_state_as() ? *request.mutable_save_state_as()->mutable_path()
                                                     : *request.mutable_save_state());
}

void add_save(Family& state) {
    Verb& save = state.verb("save", R"(save_state: "")", "Write the state to a file");
    save.value("-f,--file", "", "File to write; relative paths begin here; *.pb and *.binpb are protobuf, others JSON")
        .required()
        .type("FILE");
    save.sign("--without-keys", "Leave out private keys, and the certificates that they belong to",
              [](command::Request& request, const auto&) -> Result<> {
                  const std::string path = request.save_state();
                  request.mutable_save_state_as()->set_path(path);
                  request.mutable_save_state_as()->set_without_keys(true);
                  return {};
              });
    save.finish(save_here);
}

void add_diff(Family& state) {
    Verb& diff = state.verb("diff", "", "What is different between two state files; connects to nobody");
    const auto file = [&diff](const std::string& name, const std::string& help) {
        diff.option(name, "FILE", help, [](command::Request&, const auto&) { return Result<>{}; }).required();
    };
    file("from", "State file, or configuration file (*.toml)");
    file("to", "The other one");
    diff.becomes([](command::Request, const Verb& verb) -> Action {
        return DiffStates{verb.text_of("from"), verb.text_of("to")};
    });
}

void add_apply(Family& root) {
    Verb& apply = root.verb("apply", "apply_changes {}", "Make all the changes of a file, or none of them");
    apply
        .option("file", "FILE", "Records as in a state file; *.pb and *.binpb are protobuf, others JSON",
                [](command::Request&, const auto&) { return Result<>{}; })
        .required();
    apply.flag("--dry-run", "dry_run", "Only see whether they could be made");
    apply.value("--expect-version", "expect_version", "Only if the state has this version");
    apply.becomes([](command::Request request, const Verb& verb) -> Action {
        return ApplyFile{verb.text_of("file"), std::move(*request.mutable_apply_changes())};
    });
}

}  // namespace

void add_state_verbs(Family& root) {
    Family state = root.family("state", "All that was configured, as a file");
    add_save(state);

    Verb& load = state.verb("load", R"(load_state: "")", "Make the changes of a state file, all or none");
    load.value("-f,--file", "", "File to read; the server reads it, relative paths begin in its directory")
        .required()
        .type("FILE");

    add_diff(state);
    state.verb("stats", "count_requests {}", "How often each kind of change was made");
    state.verb("version", "query_state_version {}", "A number that grows with each change");
    add_apply(root);
}

}  // namespace seki::ctl
