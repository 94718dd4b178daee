#include "auth/credentials.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::vector<std::string_view> Credentials::decoys(std::string_view user) const {
    std::vector<const Entry*> slow;
    for (const Entry& entry : entries_) {
        if (is_slow(entry.hash)) slow.push_back(&entry);
    }
    if (slow.empty()) return {};
    // All workers have to choose alike, and nobody else may know how: a hash is what only they know.
    const Digest digest = sha256({slow.front()->hash, user});
    uint64_t number = 0;
    std::memcpy(&number, digest.data(), sizeof number);
    std::vector<std::string_view> hashes = hashes_of(slow[number % slow.size()]->user);
    std::erase_if(hashes, [](std::string_view hash) { return !is_slow(hash); });
    return hashes;
}

bool is_slow(std::string_view hash) noexcept { return hash.starts_with('$'); }

std::string fast_hash(std::string_view password) {
    const Digest digest = sha256({password});
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace seki::auth
