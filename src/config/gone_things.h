#pragma once

// What went along with its cluster. Whoever removes a cluster may remove what belongs to it afterwards, one by one, as
// he would have before: that is done already, and no mistake. So many are remembered, the latest.

#include <cstddef>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include "config/kinds.h"

namespace seki::config {

class GoneThings {
public:
    static constexpr size_t most = 10'000;

    template <typename Kind>
    void add(const typename Kind::Key& key) {
        const size_t name = name_of<Kind>(key);
        if (!known_.insert(name).second) return;
        in_order_.push_back(name);
        if (in_order_.size() <= most) return;
        known_.erase(in_order_.front());
        in_order_.pop_front();
    }
    template <typename Kind>
    [[nodiscard]] bool has(const typename Kind::Key& key) const {
        return known_.contains(name_of<Kind>(key));
    }

private:
    // A hash is enough: of two that have the same, one that never was would be called gone.
    template <typename Kind>
    static size_t name_of(const typename Kind::Key& key) {
        std::string name(Kind::name);
        if constexpr (std::is_same_v<Kind, Backends>) name += ';' + key.cluster_id + ';' + key.address.text();
        return std::hash<std::string>()(name + ';' + Kind::key_text(key));
    }

    std::set<size_t> known_;
    std::deque<size_t> in_order_;
};

}  // namespace seki::config
