#include "config/toml/file.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/utf8.h"
#include "config/file_text.h"
#include "config/text.h"
#include "config/toml/cluster.h"
#include "config/toml/document.h"
#include "config/toml/draft.h"
#include "config/toml/global.h"
#include "config/toml/listener.h"
#include "config/toml/table.h"

namespace seki::config {
namespace {

void disable_cluster_metrics(TableReader& table, Draft& draft) {
    command::Request request;
    request.set_configure_metrics(command::DISABLED);
    draft.add(table, std::move(request), {{"", "disable_cluster_metrics"}});
}

void set_limits(TableReader& table, const FileConfig& config, Draft& draft) {
    const command::ServerConfig& server = config.server;
    const Limits limits{server.max_connections_per_ip(), server.max_connections_per_subnet(),
                        server.max_connection_attempts()};
    for (command::Request& change : limit_changes({}, limits)) draft.add(table, std::move(change));
}

// Whose keys are no listeners because that word is misspelt; what refers to them need not be told besides.
bool listeners_are_misspelt(const TomlTable& document) {
    constexpr std::array<std::string_view, 1> word{"listeners"};
    return std::ranges::any_of(document, [&](const TomlEntry& entry) {
        if (entry.key == word.front()) return !std::holds_alternative<TomlArray>(entry.value.is);
        const bool is_older = entry.key == "http" || entry.key == "https" || entry.key == "tcp";
        return is_older || !nearest_key(entry.key, word).empty();
    });
}

struct Outside {
    const ReadFile& read_file;
    const ResolveHost& resolve;
};

void read_tables(TableReader& table, std::string_view name, const Outside& outside, FileConfig& config,
                 Diagnostics& diagnostics) {
    const auto directory = std::filesystem::path(name).parent_path();
    const ListenerSwitches switches = read_global(table, directory, config);

    const ReadFile read_beside = [&](const std::string& path, size_t max_size) {
        return outside.read_file((directory / path).lexically_normal().string(), max_size);
    };
    Draft draft(config, read_beside, outside.resolve, switches.activate_listeners);
    if (listeners_are_misspelt(table.place().table())) draft.lose_listener();
    for (TableReader& listener : table.tables("listeners", TableKind::listener)) read_listener(listener, draft);
    auto clusters = table.named_tables("clusters", TableKind::cluster);
    for (const auto& [id, cluster] : clusters) draft.remember_cluster(id);
    for (auto& [id, cluster] : clusters) read_cluster(id, cluster, draft);
    set_limits(table, config, draft);
    if (switches.disable_cluster_metrics) disable_cluster_metrics(table, draft);
    table.finish();
    draft.try_out(diagnostics);
    config.changes = draft.take();
}

FileResult refused(std::string_view name, std::string_view reason, const Place& place = {}) {
    Diagnostics diagnostics(name);
    diagnostics.refuse(place, "{}", reason);
    return std::unexpected(diagnostics.take());
}

// The line of the first byte that is not UTF-8.
uint32_t line_of_foreign_byte(std::string_view text) {
    std::string_view rest = text;
    while (!rest.empty() && first_character(rest).size > 0) rest.remove_prefix(first_character(rest).size);
    const std::string_view before = text.substr(0, text.size() - rest.size());
    return static_cast<uint32_t>(std::ranges::count(before, '\n')) + 1;
}

FileResult refused_encoding(std::string_view text, std::string_view name) {
    return refused(name, "this line has bytes that are not UTF-8; save the file in that encoding",
                   {.line = line_of_foreign_byte(text), .key = {}});
}

}  // namespace

FileResult parse(std::string_view text, std::string_view name, const ReadFile& read_file, const ResolveHost& resolve) {
    if (!is_utf8(text)) return refused_encoding(text, name);
    Diagnostics diagnostics(name, text);
    const TomlTable document = read_document(text, diagnostics);
    FileConfig config;
    TableReader table(document, {}, TableKind::global, diagnostics);
    if (!diagnostics.has_errors()) read_tables(table, name, {read_file, resolve}, config, diagnostics);
    if (diagnostics.has_errors()) return std::unexpected(diagnostics.take());
    config.warnings = diagnostics.take();
    return config;
}

FileResult load(const std::string& path, const ReadFile& read_file, const ResolveHost& resolve) {
    const Result<std::string> text = read_file_text(path);
    return text ? parse(*text, path, read_file, resolve) : refused(path, text.error().message);
}

std::vector<Diagnostic> syntax_mistakes(std::string_view text, std::string_view name) {
    if (!is_utf8(text)) return refused_encoding(text, name).error();
    Diagnostics diagnostics(name, text);
    read_document(text, diagnostics);
    return diagnostics.take();
}

// No value is as it should be, so none leads to a file or a host.
TableSurvey survey_file() {
    TableSurvey survey(TableKind::global);
    for (SurveyRound round; !round.is_last; ++round.index) {
        round.is_last = true;  // unless somebody has more to answer
        Diagnostics ignored("");
        FileConfig config;
        TableReader table(survey.begin(round), ignored);
        read_tables(table, "", {read_file_text, resolve_host}, config, ignored);
    }
    return survey;
}

}  // namespace seki::config
