#pragma once

// The keys at the top of the file: what holds for the whole server.

#include <filesystem>

#include "config/check/available.h"
#include "config/toml/file.h"
#include "config/toml/table.h"

namespace seki::config {

// What the file says for all its listeners at once; becomes changes, not settings.
struct ListenerSwitches {
    bool activate_listeners = true;
    bool disable_cluster_metrics = false;
};

// Relative paths are relative to `directory`.
ListenerSwitches read_global(TableReader& table, const std::filesystem::path& directory, FileConfig& config);

// Refuses the key if the feature does not exist yet.
void wants(TableReader& table, std::string_view key, bool asked, Feature feature);

}  // namespace seki::config
