#include "ctl/fields.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

void add_shutdown(Family& root) {
    Verb& verb =
        root.verb("shutdown", "soft_stop {}", "Stop all workers when their last client is gone, then the supervisor");
    const Option hard =
        verb.sign("--hard", "Stop at once, whatever clients are connected", [](command::Request& request, const auto&) {
            request.mutable_hard_stop();
            return Result<>{};
        });
    verb.option("--deadline", "SECONDS", "Stop at once what still runs after so many seconds; 0 = no limit",
                [](command::Request& request, const auto& values) {
                    return put_text(find_field(request, "soft_stop.deadline"), values.front());
                })
        .excludes(hard);
    verb.becomes([](command::Request request, const Verb&) -> Action {
        const auto patience = request.has_soft_stop() ? Ask::Patience::drain : Ask::Patience::configured;
        return Ask{std::move(request), patience};
    });
}

void add_upgrade(Family& root) {
    Verb& verb = root.verb("upgrade", "upgrade_main {}", "Replace the running processes by the installed executable");
    verb.option("--worker", "ID", "Replace only this worker; without it, the supervisor and then every worker",
                [](command::Request& request, const auto& values) {
                    return put_text(find_field(request, "upgrade_worker"), values.front());
                });
    verb.becomes(
        [](command::Request request, const Verb&) -> Action { return Ask{std::move(request), Ask::Patience::minute}; });
}

// The verb that Sōzu has too, unless one asks for more.
void add_reload(Family& root) {
    Verb& reload = root.verb("reload", R"(reload_configuration: "")",
                             "Read the configuration file again, and make what is different in it");
    reload.value("-f,--file", "", "File to read; without it, the one that the server was started with").type("FILE");
    const auto as_reload = [](command::Request& request) -> command::Reload& {
        if (!request.has_reload()) {
            const std::string path = request.reload_configuration();
            request.mutable_reload()->set_path(path);
        }
        return *request.mutable_reload();
    };
    reload.sign("--dry-run", "Only show what would be different",
                [as_reload](command::Request& request, const auto&) -> Result<> {
                    as_reload(request).set_dry_run(true);
                    return {};
                });
    reload.sign("--exact", "What was changed at run time and is not in the file goes",
                [as_reload](command::Request& request, const auto&) -> Result<> {
                    as_reload(request).set_exact(true);
                    return {};
                });
    reload.option("--expect-version", "NUMBER", "Only if the state has this version",
                  [as_reload](command::Request& request, const auto& values) {
                      return put_text(find_field(as_reload(request), "expect_version"), values.front());
                  });
    // It may take other workers.
    reload.becomes(
        [](command::Request request, const Verb&) -> Action { return Ask{std::move(request), Ask::Patience::minute}; });
}

void add_check(Family& family, const std::string& help) {
    family.verb("check", "", help).becomes([](command::Request, const Verb&) -> Action { return CheckConfig{}; });
}

void add_format(Family& root) {
    const auto keep = [](command::Request&, const auto&) { return Result<>{}; };
    Verb& verb = root.verb("fmt", "", "Format the configuration file, comments and all; connects to nobody");
    verb.option("file", "FILE", "Another file, or - for stdin; without it, that of --config", keep);
    const Option write = verb.sign("-w,--write", "Put the file in place, instead of printing it", keep);
    verb.sign("--check", "Print nothing; exit code 1 when it is not formatted", keep).excludes(write);
    verb.finish([](command::Request&, const Verb& said) -> Result<> {
        if (!said.given("--write") || said.text_of("file") != "-") return {};
        return failure("--write: stdin is no file that could be put in place");
    });
    verb.becomes([](command::Request, const Verb& said) -> Action {
        using enum FormatFile::Mode;
        return FormatFile{.path = said.given("file") ? said.text_of("file") : "",
                          .mode = said.given("--write")   ? write
                                  : said.given("--check") ? check
                                                          : print};
    });
}

void add_descriptions(Family& root) {
    Verb& help = root.verb("help", "", "Explain a verb; without one, list all");
    help.option("verb", "WORD", "The words of the verb, as in: help cluster add",
                [](command::Request&, const auto&) { return Result<>{}; })
        .many();
    help.becomes([](command::Request, const Verb& verb) -> Action { return PrintHelp{verb.texts_of("verb")}; });
    root.verb("version", "", "Print the version and what is built in, as --version does")
        .becomes([](command::Request, const Verb&) -> Action { return PrintVersion{}; });
    Verb& completions = root.verb("completions", "", "Print a script that completes these commands in a shell");
    completions
        .option("shell", "bash|zsh|fish", "For which shell",
                [](command::Request&, const auto& values) -> Result<> {
                    const std::string& shell = values.front();
                    if (shell == "bash" || shell == "zsh" || shell == "fish") return {};
                    return failure("'{}' is none of bash|zsh|fish", shell);
                })
        .required();
    completions.becomes(
        [](command::Request, const Verb& verb) -> Action { return PrintCompletions{verb.text_of("shell")}; });
    root.verb("man", "", "Print the manual page, for man -l -").becomes([](command::Request, const Verb&) -> Action {
        return PrintManual{};
    });
}

}  // namespace

void add_process_verbs(Family& root) {
    root.verb("start", "", "Run the supervisor and its workers in the foreground")
        .becomes([](command::Request, const Verb&) -> Action { return Start{}; });
    add_shutdown(root);
    add_upgrade(root);
    root.verb("status", "status {}", "Ask every worker how it is");

    Verb& logging = root.verb("logging", R"(Logging: "")", "Change what is logged, in every process");
    logging.value("filter", "", "Least serious level that is logged; for single modules: info,module=debug")
        .required()
        .type("off|error|warn|info|debug|trace|FILTER");

    add_reload(root);

    Family config = root.family("config", "The configuration file");
    add_check(config, "Load the file of --config and say whether it is valid; connects to nobody");
    config.verb("schema", "", "Print the JSON schema of the file, by which editors complete and check it")
        .becomes([](command::Request, const Verb&) -> Action { return PrintSchema{}; });
    add_check(root, "The same as config check: say whether the file of --config is valid");
    add_format(root);
    add_descriptions(root);
}

}  // namespace seki::ctl
