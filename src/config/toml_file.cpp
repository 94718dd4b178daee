#include "config/toml_file.h"

#include <cstdlib>
#include <filesystem>

#include "config/file_text.h"
#include "config/text.h"
#include "config/toml_cluster.h"
#include "config/toml_document.h"
#include "config/toml_draft.h"
#include "config/toml_global.h"
#include "config/toml_listener.h"
#include "config/toml_table.h"

namespace seki::config {
namespace {

void disable_cluster_metrics(TableReader& table, Draft& draft) {
    command::Request request;
    request.set_configure_metrics(command::DISABLED);
    draft.add(table, std::move(request), {{"", "disable_cluster_metrics"}});
}

void read_file(const TomlTable& document, std::string_view name, FileConfig& config, Remarks& remarks) {
    TableReader table(document, {}, TableKind::global, remarks);
    const auto directory = std::filesystem::path(name).parent_path();
    const ListenerSwitches switches = read_global(table, directory, config);

    Draft draft(config);
    for (TableReader& listener : table.tables("listeners", TableKind::listener)) read_listener(listener, draft);
    for (auto& [id, cluster] : table.named_tables("clusters", TableKind::cluster)) read_cluster(id, cluster, draft);
    if (switches.disable_cluster_metrics) disable_cluster_metrics(table, draft);
    table.finish();
    config.changes = draft.take(switches.activate_listeners);
}

}  // namespace

std::string default_path() {
    const char* const named = std::getenv("SEKI_CONFIG");
    return named != nullptr && *named != '\0' ? named : "/etc/seki/seki.toml";
}

FileResult parse(std::string_view text, std::string_view name) {
    Remarks remarks(name);
    if (!is_utf8(text)) {
        remarks.refuse({}, "it is not valid UTF-8");
        return std::unexpected(remarks.take_errors());
    }
    const TomlTable document = read_document(text, remarks);
    FileConfig config;
    if (!remarks.has_errors()) read_file(document, name, config, remarks);
    if (remarks.has_errors()) return std::unexpected(remarks.take_errors());
    config.warnings = remarks.take_warnings();
    return config;
}

FileResult load(const std::string& path) {
    const Result<std::string> text = read_file_text(path);
    if (text) return parse(*text, path);
    Remarks remarks(path);
    remarks.refuse({}, "{}", text.error().message);
    return std::unexpected(remarks.take_errors());
}

std::string text(const std::vector<Remark>& remarks) {
    std::string lines;
    for (const Remark& remark : remarks) lines += remark.text() + "\n";
    return lines;
}

}  // namespace seki::config
