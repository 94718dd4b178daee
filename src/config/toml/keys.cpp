#include "config/toml/keys.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <numeric>
#include <utility>
#include <vector>

namespace seki::config {
namespace {

struct Advice {
    TableKind table;
    std::string_view key;
    std::string_view sentence;
};

constexpr std::array retired{
    Advice{TableKind::global, "forwarded_for_mode", "remove it: forwarding headers are always written"},
    Advice{TableKind::global, "log_access_target", "use 'access_logs_target'"},
    Advice{TableKind::global, "ctl_commands_timeout", "use 'ctl_command_timeout'"},
    Advice{TableKind::global, "tls_provider", "remove it: there is one TLS library"},
    Advice{TableKind::global, "max_listeners", "remove it: the number of listeners has no limit"},
    Advice{TableKind::listener, "tls_provider", "remove it: there is one TLS library"},
    Advice{TableKind::listener, "rustls_cipher_list", "use 'cipher_list'"},
    Advice{TableKind::listener, "default_certificate", "use 'certificate'"},
    Advice{TableKind::listener, "default_certificate_chain", "use 'certificate_chain'"},
    Advice{TableKind::listener, "default_key", "use 'key'"},
    Advice{TableKind::cluster, "load_balancing_policy", "use 'load_balancing'"},
};

constexpr std::array corrections{
    Advice{TableKind::global, "applications", "it is called 'clusters' now"},
    Advice{TableKind::global, "http", "write a table of [[listeners]] with protocol = \"http\" instead"},
    Advice{TableKind::global, "https", "write a table of [[listeners]] with protocol = \"https\" instead"},
    Advice{TableKind::global, "tcp", "write a table of [[listeners]] with protocol = \"tcp\" instead"},
    Advice{TableKind::metrics, "disable_cluster_metrics", "it belongs to the top of the file, not to [metrics]"},
    Advice{TableKind::metrics, "port", "it is part of 'address' now"},
    Advice{TableKind::listener, "port", "it is part of 'address' now"},
    Advice{TableKind::frontend, "sticky_session", "it belongs to the cluster, not to a frontend"},
    Advice{TableKind::frontend, "https_redirect", "it belongs to the cluster, not to a frontend"},
    Advice{TableKind::frontend, "https_redirect_port", "it belongs to the cluster, not to a frontend"},
    Advice{TableKind::frontend, "path_begin", "it is called 'path' now"},
    Advice{TableKind::backend, "port", "it is part of 'address' now"},
};

template <typename List>
std::string_view sentence_about(const List& list, TableKind table, std::string_view key) {
    const auto found = std::ranges::find_if(list, [&](const Advice& a) { return a.table == table && a.key == key; });
    return found == list.end() ? std::string_view() : found->sentence;
}

constexpr size_t max_compared_size = 64;  // no key is that long

std::string small_letters(std::string_view text) {
    std::string small(text);
    for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return small;
}

}  // namespace

std::string_view advice_for_retired(TableKind table, std::string_view key) {
    return sentence_about(retired, table, key);
}

std::vector<RetiredKey> retired_keys(TableKind table) {
    std::vector<RetiredKey> keys;
    for (const Advice& advice : retired) {
        if (advice.table == table) keys.push_back({advice.key, advice.sentence});
    }
    return keys;
}

std::string_view correction_for(TableKind table, std::string_view key) {
    return sentence_about(corrections, table, key);
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> before(b.size() + 1);
    std::vector<size_t> last(b.size() + 1);
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, last);
        std::swap(last, row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row.back();
}

namespace {

// Who wrote only the beginning of a key meant that key rather than one with as many exchanged letters.
size_t distance_of_keys(std::string_view written, std::string_view key) {
    constexpr size_t min_beginning = 3;
    if (written.size() >= min_beginning && key.starts_with(written)) return 1;
    return edit_distance(written, key);
}

}  // namespace

std::string_view nearest_key(std::string_view written, std::span<const std::string_view> known) {
    if (written.size() > max_compared_size) return {};
    std::string_view nearest;
    size_t best = std::max<size_t>(2, written.size() / 3) + 1;
    for (const std::string_view key : known) {
        const size_t distance = distance_of_keys(written, key);
        if (distance >= best || distance >= key.size()) continue;
        best = distance;
        nearest = key;
    }
    return nearest;
}

std::string_view nearest_word(std::string_view written, std::span<const std::string_view> known) {
    if (written.size() > max_compared_size) return {};
    const std::string small = small_letters(written);
    std::string_view nearest;
    size_t best = std::max<size_t>(1, written.size() / 3) + 1;
    for (const std::string_view word : known) {
        if (word.size() > max_compared_size) continue;
        const size_t distance = distance_of_keys(small, small_letters(word));
        if (distance >= best || distance >= word.size()) continue;
        best = distance;
        nearest = word;
    }
    return nearest;
}

std::string did_you_mean(std::string_view nearest) {
    return nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest);
}

std::string bare_or_quoted(std::string_view key) {
    const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    return bare ? std::string(key) : fmt::format("\"{}\"", key);
}

}  // namespace seki::config
