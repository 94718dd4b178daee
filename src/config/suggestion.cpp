#include "config/suggestion.h"

#include <string_view>
#include <vector>

#include "config/toml/keys.h"

namespace seki::config {
namespace {

// Of a thousand backends in one transaction each may name a cluster that is not there.
constexpr size_t most_compared = 100;

}  // namespace

std::string did_you_mean_cluster(const State& state, const std::string& written) {
    const auto& clusters = state.table<Clusters>().entries();
    if (clusters.size() > most_compared) return {};
    std::vector<std::string_view> known;
    known.reserve(clusters.size());
    for (const auto& [id, cluster] : clusters) known.emplace_back(id);
    return did_you_mean(nearest_word(written, known));
}

}  // namespace seki::config
