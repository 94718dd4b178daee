#include "convert/remark.h"

#include <algorithm>
#include <utility>

namespace seki::convert {

void Remarks::add(RemarkKind kind, const Origin& origin, std::string reason) {
    if (!said_.emplace(kind, origin.file, origin.line, reason).second) return;
    if (std::ranges::find(files_, origin.file) == files_.end()) files_.push_back(origin.file);
    list_.push_back({kind, origin, std::move(reason)});
}

std::vector<Remark> Remarks::take() {
    const auto place = [this](const Remark& remark) {
        return std::pair(std::ranges::find(files_, remark.origin.file) - files_.begin(), remark.origin.line);
    };
    std::ranges::stable_sort(list_, {}, place);
    said_.clear();
    return std::exchange(list_, {});
}

}  // namespace seki::convert
