#include "auth/credentials.h"

#include <algorithm>
#include <fmt/format.h>

#include "auth/digest.h"

namespace seki::auth {

namespace {
// Only ever counted up, in the worker's one thread of the loop.
uint64_t next_number = 1;
}  // namespace

Credentials::Credentials() : number_(next_number++) {}

void Credentials::add(std::string user, std::string hash) {
    if (!is_slow(hash))
        std::ranges::transform(hash, hash.begin(),
                               [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c | 0x20) : c; });
    entries_.push_back({std::move(user), std::move(hash)});
}

std::vector<std::string_view> Credentials::hashes_of(std::string_view user) const {
    std::vector<std::string_view> hashes;
    for (const Entry& entry : entries_) {
        if (equal_in_constant_time(entry.user, user)) hashes.push_back(entry.hash);
    }
    return hashes;
}

std::string_view Credentials::slow_hash() const noexcept {
    const auto slow = std::ranges::find_if(entries_, [](const Entry& entry) { return is_slow(entry.hash); });
    return slow != entries_.end() ? std::string_view(slow->hash) : std::string_view();
}

bool is_slow(std::string_view hash) noexcept { return hash.starts_with('$'); }

bool matches_fast(std::string_view password, std::string_view hash) {
    const Digest digest = sha256({password});
    char letters[2 * sizeof(Digest)];
    char* at = letters;
    for (const uint8_t byte : digest) at = fmt::format_to(at, "{:02x}", byte);
    return equal_in_constant_time({letters, sizeof letters}, hash);
}

}  // namespace seki::auth
