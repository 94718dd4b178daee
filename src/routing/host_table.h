#pragma once

// The hosts of one position. Exact and wildcard hosts are found by hash, the latter by what follows their first label;
// hosts with regular expressions lie in the node of their fixed suffix, and every suffix of a host is looked up. So the
// cost of a lookup does not depend on the number of hosts, but for the regular expressions of one node (regex_set.h).
//
// Among the hosts that match, the more specific one comes first: exact, wildcard, regular expressions (the longer
// pattern first, then by text), any.

#include <absl/container/flat_hash_set.h>
#include <absl/container/inlined_vector.h>
#include <absl/hash/hash.h>
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/absl_view.h"
#include "routing/host_pattern.h"
#include "routing/path_rules.h"
#include "routing/regex_set.h"

namespace seki::routing {

template <typename Target>
struct Host {
    std::string name;  // of a wildcard host its fixed suffix, of others the pattern
    PathRules<Target> rules;
    HostKind kind;
};

template <typename Target>
struct RegexHost : Host<Target> {
    HostRegex regex;
    RegexSet::Id id = 0;  // within its node
};

// A hash set of things that have a name, each in its own place: the table grows without moving them.
struct ByName {
    using is_transparent = void;

    static std::string_view name_of(std::string_view name) noexcept { return name; }
    template <typename Named>
    static std::string_view name_of(const std::unique_ptr<Named>& named) noexcept {
        return named->name;
    }
    size_t operator()(const auto& key) const noexcept {
        return absl::Hash<absl::string_view>()(absl_view(name_of(key)));
    }
    // As absl compares them, which always is in line.
    bool operator()(const auto& a, const auto& b) const noexcept {
        return absl_view(name_of(a)) == absl_view(name_of(b));
    }
};
template <typename Named>
using NamedSet = absl::flat_hash_set<std::unique_ptr<Named>, ByName, ByName>;

template <typename Target>
class RegexHosts {
public:
    using Found = absl::InlinedVector<const RegexHost<Target>*, 8>;

    RegexHost<Target>& obtain(const std::string& pattern, HostRegex&& regex) {
        const std::string_view suffix = fixed_suffix(pattern);
        auto place = nodes_.find(suffix);
        if (place == nodes_.end()) place = nodes_.insert(std::make_unique<Node>(std::string(suffix))).first;
        Node& node = **place;
        if (auto* known = node.find(pattern)) return *known;
        longest_suffix_ = std::max(longest_suffix_, suffix.size());
        auto& added = node.hosts.emplace_back(
            std::make_unique<RegexHost<Target>>(Host<Target>{pattern, {}, HostKind::regex}, std::move(regex)));
        added->id = node.set.add(added->regex.rightmost());
        if (added->id >= node.by_id.size()) node.by_id.resize(added->id + 1);
        node.by_id[added->id] = added.get();
        return *added;
    }

    [[nodiscard]] RegexHost<Target>* find(std::string_view pattern) const {
        const auto place = nodes_.find(fixed_suffix(pattern));
        return place == nodes_.end() ? nullptr : (*place)->find(pattern);
    }

    void erase(std::string_view pattern) {
        const auto place = nodes_.find(fixed_suffix(pattern));
        Node& node = **place;
        const auto host = std::ranges::find(node.hosts, pattern, [](const auto& each) { return each->name; });
        node.set.remove((*host)->id);
        node.hosts.erase(host);
        if (node.hosts.empty()) nodes_.erase(place);
        if (nodes_.empty()) longest_suffix_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return nodes_.empty(); }

    // All that match, the most specific first.
    void find_all(std::string_view host, Found& found) const {
        size_t suffix = host.size();  // where it begins; first the empty one
        size_t end = host.size();     // of the label before it
        while (host.size() - suffix <= longest_suffix_) {
            const size_t dot = end == 0 ? host.npos : host.rfind('.', end - 1);
            const size_t begin = dot == host.npos ? 0 : dot + 1;
            const auto node = nodes_.find(host.substr(suffix));
            if (node != nodes_.end()) (*node)->find_all(host.substr(begin, end - begin), host.substr(0, end), found);
            if (begin == 0) break;
            suffix = begin;
            end = dot;
        }
        std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
            if (a->name.size() != b->name.size()) return a->name.size() > b->name.size();
            return a->name < b->name;
        });
    }

private:
    struct Node {
        explicit Node(std::string suffix) : name(std::move(suffix)) {}

        [[nodiscard]] RegexHost<Target>* find(std::string_view pattern) const {
            const auto host = std::ranges::find(hosts, pattern, [](const auto& each) { return each->name; });
            return host == hosts.end() ? nullptr : host->get();
        }

        // `head` is what stands before the suffix; it ends in `label`.
        void find_all(std::string_view label, std::string_view head, Found& found) const {
            if (label.empty()) return;
            RegexSet::Ids ids;
            set.find(label, ids);
            for (const RegexSet::Id id : ids) {
                if (by_id[id]->regex.matches_before_rightmost(head)) found.push_back(by_id[id]);
            }
        }

        std::string name;
        std::vector<std::unique_ptr<RegexHost<Target>>> hosts;
        RegexSet set{Letters::any_case};
        std::vector<const RegexHost<Target>*> by_id;
    };

    NamedSet<Node> nodes_;
    size_t longest_suffix_ = 0;  // that there has been; longer ones are not looked up
};

template <typename Target>
class HostTable {
public:
    // The rules of a pattern in its normal form; made if there are none.
    PathRules<Target>& obtain(const std::string& pattern, HostRegex&& regex) {
        switch (host_kind(pattern)) {
            case HostKind::exact:
                return obtain(exact_, pattern, HostKind::exact);
            case HostKind::wildcard:
                return obtain(wildcard_, fixed_suffix(pattern), HostKind::wildcard);
            case HostKind::regex:
                return regexes_.obtain(pattern, std::move(regex)).rules;
            case HostKind::any:
                break;
        }
        if (any_ == nullptr) any_ = make(pattern, HostKind::any);
        return any_->rules;
    }

    // Null if there are none.
    [[nodiscard]] PathRules<Target>* find(std::string_view pattern) const {
        switch (host_kind(pattern)) {
            case HostKind::exact:
                return rules_of(lookup(exact_, pattern));
            case HostKind::wildcard:
                return rules_of(lookup(wildcard_, fixed_suffix(pattern)));
            case HostKind::regex:
                return rules_of(regexes_.find(pattern));
            case HostKind::any:
                return rules_of(any_.get());
        }
        return nullptr;
    }

    // A pattern that has become empty.
    void erase(std::string_view pattern) {
        switch (host_kind(pattern)) {
            case HostKind::exact:
                exact_.erase(exact_.find(pattern));
                break;
            case HostKind::wildcard:
                wildcard_.erase(wildcard_.find(fixed_suffix(pattern)));
                break;
            case HostKind::regex:
                regexes_.erase(pattern);
                break;
            case HostKind::any:
                any_ = nullptr;
                break;
        }
    }

    // Shows the hosts that match `name`, in lower case and without the dot of the root, from the most specific to the
    // least, until `see` returns true.
    template <typename See>
    void each(std::string_view name, See&& see) const {
        if (const auto* host = lookup(exact_, name); host != nullptr && see(*host)) return;
        if (!wildcard_.empty()) {
            const size_t dot = name.find('.');
            const bool has_label = dot != name.npos && dot > 0;
            const auto* host = has_label ? lookup(wildcard_, name.substr(dot + 1)) : nullptr;
            if (host != nullptr && see(*host)) return;
        }
        if (!regexes_.empty()) {
            typename RegexHosts<Target>::Found found;
            regexes_.find_all(name, found);
            for (const auto* host : found) {
                if (see(*host)) return;
            }
        }
        if (any_ != nullptr) see(*any_);
    }

private:
    using Hosts = NamedSet<Host<Target>>;

    static std::unique_ptr<Host<Target>> make(std::string_view name, HostKind kind) {
        return std::make_unique<Host<Target>>(std::string(name), PathRules<Target>(), kind);
    }

    static PathRules<Target>& obtain(Hosts& hosts, std::string_view name, HostKind kind) {
        auto place = hosts.find(name);
        if (place == hosts.end()) place = hosts.insert(make(name, kind)).first;
        return (*place)->rules;
    }

    static Host<Target>* lookup(const Hosts& hosts, std::string_view name) {
        const auto place = hosts.find(name);
        return place == hosts.end() ? nullptr : place->get();
    }

    static PathRules<Target>* rules_of(Host<Target>* host) noexcept { return host == nullptr ? nullptr : &host->rules; }

    Hosts exact_;
    Hosts wildcard_;
    RegexHosts<Target> regexes_;
    std::unique_ptr<Host<Target>> any_;
};

}  // namespace seki::routing
