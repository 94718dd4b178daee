#include "convert/remark.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace seki::convert {

void Remarks::add(RemarkKind kind, const Origin& origin, std::string reason) {
    if (!said_.emplace(kind, origin.file, origin.line, reason).second) return;
    if (std::ranges::find(files_, origin.file) == files_.end()) files_.push_back(origin.file);
    list_.push_back({kind, origin, std::move(reason)});
}

std::vector<Remark> Remarks::take() {
    std::vector<std::tuple<std::ptrdiff_t, uint32_t, size_t>> places;
    for (size_t i = 0; i < list_.size(); ++i) {
        const Origin& origin = list_[i].origin;
        places.emplace_back(std::ranges::find(files_, origin.file) - files_.begin(), origin.line, i);
    }
    std::ranges::sort(places);
    std::vector<Remark> sorted;
    for (const auto& [file, line, index] : places) sorted.push_back(std::move(list_[index]));
    list_.clear();
    said_.clear();
    return sorted;
}

}  // namespace seki::convert
