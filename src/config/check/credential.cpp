#include "config/check/credential.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

constexpr std::string_view malformed =
    "the hash is none of: 64 lower-case hexadecimal digits (SHA-256), $y$… (yescrypt), $6$… (sha512crypt), $2b$… or "
    "$2y$… (bcrypt)";
constexpr std::string_view too_slow = "the hash costs too much time to compute for each request";

// Each is about a fifth of a second on the machines of today.
constexpr uint32_t max_rounds = 200'000;
constexpr uint32_t min_rounds = 1'000;
constexpr uint32_t max_bcrypt_cost = 12;
constexpr char max_yescrypt_blocks = 'A';  // 2^13, which are 32 MiB with blocks of the usual size
constexpr char max_yescrypt_block = 'T';

bool in_salt(char c) {
    return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');  // './' and the digits
}

bool is_salt(std::string_view text, size_t min, size_t max) {
    return text.size() >= min && text.size() <= max && std::ranges::all_of(text, in_salt);
}

bool is_sha256(std::string_view hash) {
    constexpr size_t digits = 64;
    return hash.size() == digits && hash.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The text before the next '$', which is taken off.
std::string_view take_part(std::string_view& text) {
    const size_t dollar = text.find('$');
    const std::string_view part = text.substr(0, dollar);
    text.remove_prefix(dollar == std::string_view::npos ? text.size() : dollar + 1);
    return part;
}

bool parse_number(std::string_view text, uint32_t& number) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

// $y$j9T$SALT$HASH, with the three parameters that crypt_gensalt(3) writes: flavor, number of blocks, size of a block.
std::string_view why_no_yescrypt(std::string_view rest) {
    const std::string_view parameters = take_part(rest);
    const std::string_view salt = take_part(rest);
    if (!is_salt(parameters, 3, 3) || !is_salt(salt, 0, 86) || !is_salt(rest, 43, 43)) return malformed;
    if (parameters[0] != 'j' || parameters[1] > max_yescrypt_blocks || parameters[2] > max_yescrypt_block)
        return too_slow;
    return {};
}

// $6$rounds=N$SALT$HASH, the rounds being optional.
std::string_view why_no_sha512crypt(std::string_view rest) {
    constexpr std::string_view rounds_key = "rounds=";
    if (rest.starts_with(rounds_key)) {
        uint32_t rounds = 0;
        const std::string_view digits = take_part(rest).substr(rounds_key.size());
        // crypt(3) knows no fewer, and no other spelling.
        if (!parse_number(digits, rounds) || rounds < min_rounds || digits.starts_with('0')) return malformed;
        if (rounds > max_rounds) return too_slow;
    }
    const std::string_view salt = take_part(rest);
    return is_salt(salt, 1, 16) && is_salt(rest, 86, 86) ? std::string_view() : malformed;
}

// $2b$COST$SALTANDHASH
std::string_view why_no_bcrypt(std::string_view rest) {
    const std::string_view cost_text = take_part(rest);
    uint32_t cost = 0;
    if (cost_text.size() != 2 || !parse_number(cost_text, cost) || cost < 4) return malformed;
    if (!is_salt(rest, 53, 53)) return malformed;
    return cost > max_bcrypt_cost ? too_slow : std::string_view();
}

std::string_view why_no_hash(std::string_view hash) {
    if (is_sha256(hash)) return {};
    if (hash.starts_with("$y$")) return why_no_yescrypt(hash.substr(3));
    if (hash.starts_with("$6$")) return why_no_sha512crypt(hash.substr(3));
    if (hash.starts_with("$2b$") || hash.starts_with("$2y$")) return why_no_bcrypt(hash.substr(4));
    return malformed;
}

}  // namespace

std::string_view why_no_credential(std::string_view text) {
    if (text.size() > max_credential_text_size) return "it is longer than 512 bytes";
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return "a ':' between user and hash is missing";
    if (colon == 0) return "the user is missing";
    if (has_control(text)) return "it has a control character";
    return why_no_hash(text.substr(colon + 1));
}

}  // namespace seki::config
