#pragma once

// The configuration file: TOML with Sōzu's keys and a few of our own. What a file says falls into two parts: settings
// that hold as long as the process lives, and things (listeners, clusters, frontends, backends) that the file merely
// adds first. The second part is a list of ordinary changes, which have passed the same validator (check/check.h) as
// every later one.
//
// A file is either taken as a whole or refused with everything that is wrong in it, so that whoever wrote it corrects
// it once. Nothing in it is ignored: what is unknown, misplaced or not available yet is an error; what older versions
// of Sōzu knew is a warning.

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.pb.h"
#include "config/check/check.h"
#include "config/file_text.h"
#include "config/resolve_host.h"
#include "config/toml/diagnostic.h"
#include "config/toml/survey.h"

namespace seki::config {

struct FileConfig {
    // What supervisor and workers read; every field is present, whether the file names it or not, except sinks that are
    // switched off.
    command::ServerConfig server;

    // What only the supervisor and the command line read. Paths are absolute or relative to the working directory, no
    // longer to the file.
    std::string command_socket;
    bool json_access_log = false;
    uint32_t command_socket_mode = 0600;
    std::vector<uint32_t> command_allowed_uids;   // empty: whoever can open the socket
    std::vector<uint32_t> command_readonly_uids;  // who may only ask
    std::optional<std::string> user;              // who the processes become when root starts them
    std::optional<std::string> group;
    bool worker_seccomp = true;
    bool worker_landlock = true;
    bool orphaned_workers_serve = true;  // when their supervisor has died; else they end with their last session
    std::optional<std::string> pid_file_path;
    std::optional<std::string> saved_state;
    bool automatic_state_save = false;
    uint32_t worker_count = 2;
    bool worker_automatic_restart = true;
    bool handle_process_affinity = false;
    uint32_t worker_timeout_s = 10;
    uint32_t shutdown_timeout_s = 0;  // 0: a soft stop has no limit
    uint64_t ctl_command_timeout_ms = 1000;
    uint32_t request_timeout_s = 10;  // of listeners that name none
    bool implicit_listeners = false;  // a frontend without a listener gets one

    // In the order in which they are to be applied: listeners, then each cluster with its frontends and backends, then
    // the activations.
    std::vector<Checked<command::Request>> changes;

    // For the log: what was taken but is not as it should be.
    std::vector<Diagnostic> warnings;
};

// All that is to be said of a file that is refused, in the order of its lines; one of them at least is an error.
using FileResult = std::expected<FileConfig, std::vector<Diagnostic>>;

// How the text of a file that the configuration names comes here.
using ReadFile = std::function<Result<std::string>(const std::string& path, size_t max_size)>;

FileResult load(const std::string& path, const ReadFile& read_file = read_file_text,
                const ResolveHost& resolve = resolve_host);

// `name` stands before each diagnostic; relative paths in the text are relative to its directory.
FileResult parse(std::string_view text, std::string_view name, const ReadFile& read_file = read_file_text,
                 const ResolveHost& resolve = resolve_host);

// What keeps a text from being TOML, as parse() says it; empty when it is one, whatever its keys may be.
std::vector<Diagnostic> syntax_mistakes(std::string_view text, std::string_view name);

// What a file may have: what parse() asks for (survey.h).
TableSurvey survey_file();

}  // namespace seki::config
