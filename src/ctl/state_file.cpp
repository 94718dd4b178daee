#include "ctl/state_file.h"

#include <utility>

#include "config/difference.h"
#include "config/state.h"
#include "config/state_file/reader.h"
#include "config/toml/file.h"

namespace seki::ctl {
namespace {

using Record = config::StateFileReader::Record;

Result<config::State> configured_state(const std::string& path) {
    auto file = config::load(path);
    if (!file) return failure("{}", config::text(file.error()));
    config::State state;
    for (const auto& change : file->changes) {
        if (auto applied = state.apply(change); !applied) return failure("{}: {}", path, applied.error().message);
    }
    return state;
}

Result<config::State> state_of(const std::string& path) {
    if (path.ends_with(".toml")) return configured_state(path);
    config::State state;
    auto read = config::for_each_record(path, [&state](Record& record) -> Result<> {
        auto checked = config::check(std::move(record.request));
        if (!checked) return std::unexpected(checked.error());
        if (auto applied = state.apply(*checked); !applied) return std::unexpected(applied.error());
        return {};
    });
    if (!read) return std::unexpected(read.error());
    return state;
}

}  // namespace

Result<std::vector<command::ChangeSet>> change_sets(const std::string& path, const command::ChangeSet& last,
                                                    size_t max_frame_bytes) {
    std::vector<command::ChangeSet> sets(1);
    size_t bytes = 0;
    auto read = config::for_each_record(path, [&](Record& record) -> Result<> {
        const size_t size = record.request.ByteSizeLong();
        if (bytes > 0 && bytes + size > max_frame_bytes / 2) {
            sets.back().set_more(true);
            sets.emplace_back();
            bytes = 0;
        }
        bytes += size;
        *sets.back().add_changes() = std::move(record.request);
        return {};
    });
    if (!read) return std::unexpected(read.error());
    sets.back().MergeFrom(last);
    return sets;
}

Result<command::Differences> differences_between(const std::string& from, const std::string& to) {
    const auto one = state_of(from);
    if (!one) return std::unexpected(one.error());
    const auto other = state_of(to);
    if (!other) return std::unexpected(other.error());
    return config::differences(*one, *other, SIZE_MAX);
}

}  // namespace seki::ctl
