#pragma once

// Which frontend a request belongs to: (host, path, method) → Target. Hosts are found by hash, so that a lookup costs
// the same with one host and with 100,000; the few rules of one host are walked in order of precedence:
//
//     1. the exact path before any prefix
//     2. the longer prefix before the shorter one
//     3. for the same path, the rule that names the method before the one that takes any
//
// A prefix is one of bytes, as in Sōzu: "/api" takes "/apis" too. Hosts are compared without regard to case, port and a
// trailing dot.

#include <absl/container/flat_hash_map.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seki::routing {

enum class PathKind : uint8_t { prefix, equals };

struct Rule {
    std::string host;  // as normalise_host() makes it
    PathKind kind = PathKind::prefix;
    std::string path;
    std::string method;  // empty: any

    bool operator==(const Rule&) const = default;
};

// The longest name that DNS knows, written out (RFC 1035 §2.3.4), and room for brackets of an IPv6 literal.
inline constexpr size_t max_host_bytes = 255;

// Lower case, no trailing dot, into `storage`. Nothing when it is empty or longer than any name may be.
inline std::optional<std::string_view> normalise_host(std::string_view host,
                                                      std::array<char, max_host_bytes>& storage) noexcept {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.size() > storage.size()) return std::nullopt;
    for (size_t i = 0; i < host.size(); ++i) {
        const char c = host[i];
        storage[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return std::string_view(storage.data(), host.size());
}

// `Target` is what a match gives: cheap to copy, owned by whoever routes.
template <typename Target>
class Router {
public:
    // False when there is such a rule already.
    bool add(Rule rule, Target target) {
        std::vector<Entry>& entries = hosts_[rule.host];
        const auto same = [&](const Entry& entry) { return entry.rule == rule; };
        if (std::any_of(entries.begin(), entries.end(), same)) return false;
        const auto place = std::upper_bound(entries.begin(), entries.end(), rule,
                                            [](const Rule& a, const Entry& b) { return precedes(a, b.rule); });
        entries.insert(place, Entry{std::move(rule), std::move(target)});
        ++size_;
        return true;
    }

    // What the rule led to; nothing when there is no such rule.
    std::optional<Target> remove(const Rule& rule) {
        const auto host = hosts_.find(rule.host);
        if (host == hosts_.end()) return std::nullopt;
        std::vector<Entry>& entries = host->second;
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.rule == rule; });
        if (entry == entries.end()) return std::nullopt;
        Target target = std::move(entry->target);
        entries.erase(entry);
        if (entries.empty()) hosts_.erase(host);
        --size_;
        return target;
    }

    // Null when nothing matches. The pointer is good until the next change.
    [[nodiscard]] const Target* find(std::string_view host, std::string_view path,
                                     std::string_view method) const noexcept {
        std::array<char, max_host_bytes> storage;
        const auto name = normalise_host(host, storage);
        if (!name) return nullptr;
        // Debian builds abseil with a string_view of its own.
        const auto found = hosts_.find(absl::string_view(name->data(), name->size()));
        if (found == hosts_.end()) return nullptr;
        for (const Entry& entry : found->second) {
            if (matches(entry.rule, path, method)) return &entry.target;
        }
        return nullptr;
    }

    [[nodiscard]] size_t size() const noexcept { return size_; }

private:
    struct Entry {
        Rule rule;
        Target target;
    };

    static bool precedes(const Rule& a, const Rule& b) noexcept {
        if (a.kind != b.kind) return a.kind == PathKind::equals;
        if (a.path.size() != b.path.size()) return a.path.size() > b.path.size();
        return !a.method.empty() && b.method.empty();
    }

    static bool matches(const Rule& rule, std::string_view path, std::string_view method) noexcept {
        if (!rule.method.empty() && rule.method != method) return false;
        return rule.kind == PathKind::equals ? path == rule.path : path.starts_with(rule.path);
    }

    absl::flat_hash_map<std::string, std::vector<Entry>> hosts_;
    size_t size_ = 0;
};

}  // namespace seki::routing
