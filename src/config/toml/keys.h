#pragma once

// What is known about keys that a file should not have: keys that are gone, keys in the wrong table, slips of the pen.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace seki::config {

enum class TableKind : uint8_t {
    global,
    metrics,
    listener,
    hsts,
    sticky_cookie,
    client_auth_headers,
    cluster,
    backend_tls,
    rate_limit,
    health_check,
    udp,
    udp_health,
    frontend,
    header,
    condition,
    share,
    backend,
};

// What to do about a key that only older versions of Sōzu had; empty for any other key.
std::string_view advice_for_retired(TableKind table, std::string_view key);

struct RetiredKey {
    std::string_view key;
    std::string_view advice;
};
std::vector<RetiredKey> retired_keys(TableKind table);

// What to do about a key that means something, but not here or not under this name, so that leaving it out would change
// what the file does; empty for any other key.
std::string_view correction_for(TableKind table, std::string_view key);

// The key that was probably meant; empty when none is near.
std::string_view nearest_key(std::string_view written, std::span<const std::string_view> known);

// The same of the values of a key, whose letters may be large or small.
std::string_view nearest_word(std::string_view written, std::span<const std::string_view> known);

// "; did you mean 'front_timeout'?"; empty for nothing.
std::string did_you_mean(std::string_view nearest);

// How many characters must be put in, left out, exchanged, or swapped with the next one to make one text the other.
size_t edit_distance(std::string_view a, std::string_view b);

// A key as it is written in a path of keys: quoted when its characters could be mistaken.
std::string bare_or_quoted(std::string_view key);

}  // namespace seki::config
