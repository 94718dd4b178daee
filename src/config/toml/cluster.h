#pragma once

// One table of [clusters], with its frontends and backends.

#include <string>

#include "config/toml/draft.h"

namespace seki::config {

enum class ClusterProtocol : uint8_t { http, tcp };

void read_cluster(const std::string& cluster_id, TableReader& table, Draft& draft);

void read_frontend(const std::string& cluster_id, ClusterProtocol protocol, TableReader& table, Draft& draft);

}  // namespace seki::config
